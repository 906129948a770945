import { cpSync, linkSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import path from 'node:path';

/**
 * A model store of one test's own, from which it may remove models: it lies beside the given one and shares its bytes by hard links.
 * @returns its folder, which the test has to delete
 */
export function linkedModels(store: string): string {
  const folder = mkdtempSync(`${store}-linked-`);
  for (const entry of readdirSync(store, { recursive: true, withFileTypes: true })) {
    const from = path.join(entry.parentPath, entry.name);
    const relative = path.relative(store, from);
    // What begins with a dot at the top is the store's own account of users and locks.
    if (!entry.isFile() || relative.startsWith('.')) continue;
    const to = path.join(folder, relative);
    mkdirSync(path.dirname(to), { recursive: true });
    if (entry.name.startsWith('.')) cpSync(from, to);
    else linkSync(from, to);
  }
  return folder;
}
