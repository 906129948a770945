import { createPrivateKey, generateKeyPairSync, type JsonWebKey, sign } from 'node:crypto';
import { join } from 'node:path';
import { createKeyProver, type KeyProver } from '@atelier/artifacts';
import { readJson } from '@atelier/bounded-body';
import { AtelierError, challengeText, EdgeId, JoinReply, limits } from '@atelier/protocol';
import { z } from 'zod';
import { readIfThere, writeAtomically } from '../atomic-file.ts';

const PrivateKey = z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string(), d: z.string() });

/** `edge.json`, mode 0600. `edgeId` is null between making the key and the coordinator's answer. */
const IdentityFile = z.object({ version: z.literal(1), edgeId: EdgeId.nullable(), coordinatorUrl: z.url(), privateKey: PrivateKey });
type IdentityFile = z.infer<typeof IdentityFile>;

export interface Identity {
  readonly edgeId: EdgeId;
  readonly coordinatorUrl: string;
  /** Base64url Ed25519 over the challenge's text. */
  prove(nonce: string): string;
  /** For requests over HTTP. @param now the coordinator's time */
  keyProver(now: () => Date): KeyProver;
}

export interface JoinOptions {
  readonly url: string;
  /** Single use; only needed the first time. */
  readonly token?: string | undefined;
}

const fileName = 'edge.json';

/**
 * Who this edge is: read from its folder, else made by joining.
 * With an address but no token, an edge that has joined before dials the new address with its old key.
 * @throws AtelierError `unauthenticated` if it never joined and no token was given, or the coordinator's own error
 */
export async function openIdentity(folder: string, name: string, joining: JoinOptions | undefined): Promise<Identity> {
  const kept = await read(folder);
  if (kept?.edgeId) {
    const url = joining?.url ?? kept.coordinatorUrl;
    if (url !== kept.coordinatorUrl) await write(folder, { ...kept, coordinatorUrl: url });
    return identity(kept.edgeId, url, kept.privateKey);
  }
  if (!joining?.token) {
    throw new AtelierError('unauthenticated', 'This edge has not joined a studio yet.', {
      hint: 'Get a join token in the studio, under Fleet, and start with --join URL --token T.',
    });
  }
  return joinStudio(folder, name, joining.url, joining.token, kept?.privateKey);
}

/** Joins again with a new token where the coordinator does not know this edge any more, as after its data was thrown away. */
export async function joinAgain(folder: string, name: string, joining: { url: string; token: string }): Promise<Identity> {
  return joinStudio(folder, name, joining.url, joining.token, undefined);
}

/** The key is on disk before the token is used up, so that a crash in between can be repeated with the same key. */
async function joinStudio(folder: string, name: string, url: string, token: string, kept: z.infer<typeof PrivateKey> | undefined): Promise<Identity> {
  const privateKey = kept ?? PrivateKey.parse(generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }));
  // Where an identity stands already it is replaced only by one that was accepted.
  if (!(await read(folder))?.edgeId) await write(folder, { version: 1, edgeId: null, coordinatorUrl: url, privateKey });
  const { d: _secret, ...publicKey } = privateKey;
  const reply = await fetch(new URL('/api/edge/join', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token, publicKey, name }),
    redirect: 'error',
    signal: AbortSignal.timeout(30_000),
  }).catch((cause: unknown) => {
    throw new AtelierError('unavailable', `Nothing answers at ${url}.`, { hint: 'Look whether the studio runs and whether the address is right.', cause });
  });
  const body: unknown = await readJson(reply, limits.jsonBytes).catch(() => null);
  if (!reply.ok) throw refusal(url, reply.status, body);
  const { edgeId } = JoinReply.parse(body);
  await write(folder, { version: 1, edgeId, coordinatorUrl: url, privateKey });
  return identity(edgeId, url, privateKey);
}

function refusal(url: string, status: number, body: unknown): AtelierError {
  const error = AtelierError.from((body as { error?: unknown } | null)?.error ?? body);
  if (error.code !== 'internal') return error;
  return new AtelierError('unauthenticated', `${url} refused to let this edge join (status ${status}).`, {
    hint: 'Get a new join token in the studio, under Fleet.',
  });
}

function identity(edgeId: EdgeId, coordinatorUrl: string, jwk: z.infer<typeof PrivateKey>): Identity {
  const key = createPrivateKey({ key: jwk as JsonWebKey, format: 'jwk' });
  return {
    edgeId,
    coordinatorUrl,
    prove: (nonce) => sign(null, Buffer.from(challengeText(nonce), 'utf8'), key).toString('base64url'),
    keyProver: (now) => createKeyProver(jwk, now),
  };
}

async function read(folder: string): Promise<IdentityFile | undefined> {
  const file = join(folder, fileName);
  const text = await readIfThere(file);
  if (text === undefined) return undefined;
  try {
    return IdentityFile.parse(JSON.parse(text));
  } catch (cause) {
    throw new AtelierError('invalid-input', `${file} is damaged.`, { hint: 'Move it away and join again with a new token.', cause });
  }
}

async function write(folder: string, file: IdentityFile): Promise<void> {
  await writeAtomically(join(folder, fileName), `${JSON.stringify(file, undefined, 2)}\n`);
}
