import { createHmac } from 'node:crypto';
import type { ArtifactStore } from './store.ts';

/**
 * Shows that somebody holds bytes, and not only their name: HMAC-SHA-256 (RFC 2104) over them under a key that the asker
 * has just drawn, so that no earlier answer and no hash can stand for it.
 * @param nonce 32 random bytes in base64url
 * @returns 43 characters of base64url
 * @throws AtelierError `not-found` if the bytes are missing or damaged
 */
export async function possessionProof(store: Pick<ArtifactStore, 'get'>, hash: string, nonce: string): Promise<string> {
  const hmac = createHmac('sha256', Buffer.from(nonce, 'base64url'));
  for await (const chunk of await store.get(hash)) hmac.update(chunk as Uint8Array);
  return hmac.digest('base64url');
}
