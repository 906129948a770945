import { createHash } from 'node:crypto';
import type { ModelManifest } from '@atelier/protocol';

/**
 * What a model is known by where results are compared, shared and kept: SHA-256 over what decides a result, that is its driver, its options
 * and the path and SHA-256 of each file. 64 hexadecimal digits. Titles, prices of time and memory do not count.
 */
export function modelHash({ driver, options, files }: ModelManifest): string {
  const named = files.map(({ path, sha256 }) => `${path} ${sha256}`).sort();
  return createHash('sha256')
    .update(JSON.stringify([driver, options, named]))
    .digest('hex');
}
