import { canBe, sniffMediaType } from '@atelier/media';
import { type EdgeId, type Modality, mayCarry, safeMediaType } from '@atelier/protocol';
import type { Database } from '@atelier/store';
import type { Logger } from '../contracts/index.ts';

/** Bytes that an edge has brought, as they are and not as they were said to be. */
export interface Arrived {
  readonly hash: string;
  readonly sizeBytes: number;
  /** The first bytes; 4 KiB are enough. */
  readonly head: Uint8Array;
}

/** Notes that the coordinator has some bytes, and puts right what their edge said of their size and kind. */
export async function correctClaims({ database, log }: { database: Database; log: Logger }, edgeId: EdgeId, { hash, sizeBytes, head }: Arrived): Promise<void> {
  const { rows } = await database.pool.query({
    name: 'bytes-arrived',
    text: `WITH here AS (INSERT INTO replicas (hash, place) SELECT hash, 'coordinator' FROM artifacts WHERE hash = $1 ON CONFLICT DO NOTHING),
        sized AS (UPDATE artifacts SET size_bytes = $2 WHERE hash = $1 AND size_bytes <> $2)
      SELECT id, media_type AS "mediaType", modality FROM outputs WHERE hash = $1 AND maker = $3`,
    values: [hash, sizeBytes, edgeId],
  });
  for (const { id, mediaType, modality } of rows as { id: string; mediaType: string; modality: Modality }[]) {
    const right = rightMediaType(mediaType, modality, head);
    if (right === mediaType) continue;
    log.warn({ edgeId, hash, said: mediaType, found: right }, 'an edge said something else of some bytes than they are');
    await database.pool.query('UPDATE outputs SET media_type = $2 WHERE id = $1', [id, right]);
  }
}

/** What bytes are told to be: as their edge said where they can be that, else what they are, and nothing in particular where a port does not carry that. */
function rightMediaType(said: string, modality: Modality, head: Uint8Array): string {
  const found = sniffMediaType(head);
  // Bytes without a mark can be text or numbers; pictures, sound and films that are shown all have one.
  if (canBe(said, found) !== false) return safeMediaType(said);
  return found !== undefined && mayCarry(modality, found) ? found : 'application/octet-stream';
}
