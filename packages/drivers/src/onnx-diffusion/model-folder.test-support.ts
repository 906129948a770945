import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Where a pulled model lies for tests that need weights: ATELIER_TEST_MODELS/<id>, as `npm test` lays it out.
 * Undefined, with the reason printed, where it is not here; such tests are skipped.
 */
export function modelFolder(id: string): string | undefined {
  const root = process.env.ATELIER_TEST_MODELS;
  if (root === undefined) {
    console.warn(`Skipped: tests on the weights of ${id}, as ATELIER_TEST_MODELS names no folder of pulled models.`);
    return undefined;
  }
  const folder = join(root, id);
  if (existsSync(join(folder, 'model_index.json'))) return folder;
  console.warn(`Skipped: tests on the weights of ${id}, as ${folder} holds no model.`);
  return undefined;
}
