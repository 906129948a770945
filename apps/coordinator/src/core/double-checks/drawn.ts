import { createHmac } from 'node:crypto';

/**
 * Whether a result is one of the share that is computed twice: by a keyed hash of its attempt, so that the same answer comes after a restart and
 * nobody without the key can tell, before or afterwards.
 * @param percent 0 to 100
 */
export function isDrawn(key: Buffer, attemptId: string, percent: number): boolean {
  const drawn = createHmac('sha256', key).update(attemptId).digest().readUInt32BE(0) / 2 ** 32;
  return drawn < percent / 100;
}
