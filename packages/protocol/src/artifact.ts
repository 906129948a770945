import { z } from 'zod';
import { ArtifactHash } from './ids.ts';

/** Immutable bytes named by their SHA-256. */
export const Artifact = z.object({
  hash: ArtifactHash,
  mediaType: z.string().max(200),
  sizeBytes: z.number().int().nonnegative(),
});
export type Artifact = z.infer<typeof Artifact>;
