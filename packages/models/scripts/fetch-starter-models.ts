/**
 * Brings the starter models into a store, for tests that want the real ones. What is there already costs milliseconds.
 *
 *     node packages/models/scripts/fetch-starter-models.ts FOLDER
 */
import { loadCatalogue, ModelStore, pullModel } from '../src/index.ts';

const [folder] = process.argv.slice(2);
if (!folder) throw new Error('Say into which folder.');
const store = new ModelStore(folder);
const { entries } = await loadCatalogue();
for (const { manifest } of entries.values()) {
  let told = -1;
  await pullModel(manifest, {
    store,
    onProgress: ({ receivedBytes, totalBytes }) => {
      const tenths = Math.floor((10 * receivedBytes) / totalBytes);
      if (tenths === told) return;
      told = tenths;
      process.stderr.write(
        `${process.stderr.isTTY ? '\r' : ''}${manifest.id}: ${tenths * 10} % of ${Math.ceil(totalBytes / 1e6)} MB${process.stderr.isTTY ? '' : '\n'}`,
      );
    },
  });
  if (told >= 0 && process.stderr.isTTY) process.stderr.write('\n');
}
