import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { type ArtifactStore, holdsSound } from '@atelier/artifacts';
import { type Artifact, AtelierError, limits } from '@atelier/protocol';
import type { Database } from '@atelier/store';
import { checkHeld } from './held.ts';
import { recordHere } from './record-here.ts';

/** A text as an artifact: UTF-8. @throws AtelierError `too-large` */
export function textArtifact(text: string): { hash: string; mediaType: string; sizeBytes: number; bytes: Buffer } {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length > limits.textBytes) throw new AtelierError('too-large', `A text may have at most ${limits.textBytes} bytes.`);
  return { hash: createHash('sha256').update(bytes).digest('hex'), mediaType: 'text/plain', sizeBytes: bytes.length, bytes };
}

/** Brings a text into the store. @throws AtelierError `too-large`, `disk-full`, `unavailable` */
export async function storeText({ database, artifacts }: { database: Database; artifacts: ArtifactStore }, text: string): Promise<Artifact> {
  const { bytes, ...artifact } = textArtifact(text);
  if (!(await holdsSound(artifacts, artifact.hash))) await artifacts.put(Readable.from([bytes]), { expectedHash: artifact.hash });
  await recordHere(database.db, artifact);
  await checkHeld(artifacts, artifact.hash);
  return artifact;
}
