/**
 * Writes SHA-256 and size of every bundled file into the manifests of models/, or with --check only compares them.
 * Files from registries are pinned once by hand from their publisher and verified whenever they are pulled.
 *
 *     node packages/models/scripts/pin-files.ts [--check] [MODEL...]
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMap, parseDocument, type YAMLSeq } from 'yaml';

const models = join(import.meta.dirname, '../../../models');

/** Pins one manifest. @returns paths of the files whose pin was missing or wrong */
function pin(folder: string, write: (text: string) => void): string[] {
  const document = parseDocument(readFileSync(join(folder, 'manifest.yaml'), 'utf8'));
  const changed: string[] = [];
  for (const file of (document.get('files') as YAMLSeq).items) {
    if (!isMap(file)) throw new Error(`${folder}: files must be a list of maps`);
    const source = String(file.get('source'));
    if (!source.startsWith('bundled:')) continue;
    const bytes = readFileSync(join(folder, source.slice('bundled:'.length)));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    if (file.get('sha256') === sha256 && file.get('sizeBytes') === bytes.length) continue;
    changed.push(String(file.get('path')));
    file.flow = false;
    file.set('sha256', sha256);
    file.set('sizeBytes', bytes.length);
  }
  if (changed.length > 0) write(document.toString({ lineWidth: 0 }));
  return changed;
}

const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const check = process.argv.includes('--check');
const found = readdirSync(models, { withFileTypes: true }).filter((entry) => entry.isDirectory() && (wanted.length === 0 || wanted.includes(entry.name)));
for (const { name } of found) {
  const folder = join(models, name);
  const changed = pin(folder, (text) => {
    if (!check) writeFileSync(join(folder, 'manifest.yaml'), text);
  });
  console.log(`${name}: ${changed.length === 0 ? 'all pins hold' : `${check ? 'wrong' : 'pinned'}: ${changed.join(', ')}`}`);
  if (check && changed.length > 0) process.exitCode = 1;
}
