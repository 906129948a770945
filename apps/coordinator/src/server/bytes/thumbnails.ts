import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactStore } from '@atelier/artifacts';
import { type Artifact, AtelierError } from '@atelier/protocol';
import type { MediaReader } from '../media/index.ts';

const sides = [64, 128, 256, 512, 1024];

export interface Thumbnails {
  /** A WebP that fits in a square of the next known size. @throws AtelierError `unsupported-media`, `damaged-media` */
  of(artifact: Artifact, wantedPixels: number): Promise<Uint8Array>;
  /** Deletes all small pictures of some bytes. */
  forget(hash: string): Promise<void>;
}

/** Small pictures of pictures, kept in `cache/thumbnails` of the data folder; that folder may be deleted at any time. */
export function createThumbnails(artifacts: ArtifactStore, media: MediaReader, dataFolder: string): Thumbnails {
  const folder = join(dataFolder, 'cache', 'thumbnails');
  return {
    async of(artifact, wantedPixels) {
      if (!artifact.mediaType.startsWith('image/')) {
        throw new AtelierError('unsupported-media', 'Only images and videos have a thumbnail.', { hint: 'Play the whole of it instead.' });
      }
      const side = sides.find((known) => known >= wantedPixels) ?? 1024;
      const file = join(folder, `${artifact.hash}-${side}.webp`);
      const known = await readFile(file).catch(() => undefined);
      if (known) return known;
      const made = await media.shrink(await artifacts.path(artifact.hash), side);
      await mkdir(folder, { recursive: true });
      const temporary = `${file}.${randomUUID()}`;
      await writeFile(temporary, made);
      await rename(temporary, file);
      return made;
    },
    async forget(hash) {
      await Promise.all(sides.map((side) => rm(join(folder, `${hash}-${side}.webp`), { force: true })));
    },
  };
}
