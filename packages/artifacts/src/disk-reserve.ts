import { statfs } from 'node:fs/promises';
import { AtelierError, limits } from '@atelier/protocol';

/** How many bytes are written before the disk is looked at again. */
const lookEveryBytes = 16 * 1024 ** 2;

/** Room on a disk that is kept free, so that the database, logs and the machine itself can go on. */
export interface DiskReserve {
  /** @param comingBytes what is about to be written @throws AtelierError `disk-full` if it would not leave the reserve free */
  check(comingBytes?: number): Promise<void>;
  /** The same bytes, broken off as soon as the reserve is reached. @throws AtelierError `disk-full` */
  guard(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array>;
}

/** @param reserveBytes bytes to keep free on the disk of this folder; undefined for limits.diskReserveBytes, or less on a small disk */
export function diskReserve(folder: string, reserveBytes: number | undefined): DiskReserve {
  const check = async (comingBytes = 0): Promise<void> => {
    const { bavail, blocks, bsize } = await statfs(folder);
    const reserve = reserveBytes ?? Math.min(limits.diskReserveBytes, blocks * bsize * limits.diskReserveShare);
    if (bavail * bsize - comingBytes >= reserve) return;
    throw new AtelierError('disk-full', 'The disk of the studio is nearly full, so nothing more is taken.', {
      hint: 'Delete results or uploads that nobody needs, or free some space; then try again, nothing was lost.',
    });
  };
  return {
    check,
    async *guard(bytes) {
      let left = 0;
      // Looked at within the loop, so that the stream is destroyed where it is refused.
      for await (const chunk of bytes) {
        if (left <= 0) {
          await check(chunk.byteLength);
          left = lookEveryBytes;
        }
        left -= chunk.byteLength;
        yield chunk;
      }
    },
  };
}
