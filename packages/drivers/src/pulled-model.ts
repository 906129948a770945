import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadManifest, starterModelsFolder } from '@atelier/models';
import type { ModelSource } from './driver.ts';

/**
 * A pulled starter model for tests that need weights, from ATELIER_TEST_MODELS/<id>.
 * @returns undefined if it is not there, with the reason on standard error, so that such tests can be skipped
 */
export async function pulledModel(id: string): Promise<ModelSource | undefined> {
  const { manifest } = await loadManifest(join(starterModelsFolder, id, 'manifest.yaml'));
  const root = process.env.ATELIER_TEST_MODELS;
  const folder = join(root ?? '', id);
  if (root !== undefined && manifest.files.every((file) => existsSync(join(folder, file.path)))) return { manifest, folder };
  console.warn(
    `Skipped: tests on the weights of ${id}; ${root === undefined ? 'ATELIER_TEST_MODELS names no folder of pulled models' : `${folder} does not hold all of them`}.`,
  );
  return undefined;
}
