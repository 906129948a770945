import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ArtifactHash, AtelierError } from '@atelier/protocol';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK, errors as joseErrors, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';

/**
 * What a ticket allows: `to` (an edge's id) may read `hash` from `from` (an edge's id or `coordinator`) for `attempt`, if it proves that it
 * holds the key with the thumbprint `cnf.jkt` (RFC 7800, RFC 7638).
 */
const TicketClaims = z.object({
  hash: ArtifactHash,
  to: z.string().min(1),
  from: z.string().min(1),
  attempt: z.string().min(1),
  cnf: z.object({ jkt: z.string().min(1) }),
});
export type TicketClaims = z.infer<typeof TicketClaims>;

/** What the coordinator puts into a ticket. `key` is the public half of the receiver's key. */
export interface NewTicket extends Pick<TicketClaims, 'hash' | 'to' | 'from' | 'attempt'> {
  readonly key: JWK;
  /** How long, from now. */
  readonly seconds: number;
}

/**
 * What a ticket for a service allows: `caller`, a service on the edge `to`, may open a stream to `service` on the edge `from` while its
 * fencing number is `fence`, if the edge proves that it holds the key of `cnf.jkt`.
 */
const ServiceTicketClaims = z.object({
  service: z.string().min(1),
  fence: z.number().int().positive(),
  caller: z.string().min(1),
  to: z.string().min(1),
  from: z.string().min(1),
  cnf: z.object({ jkt: z.string().min(1) }),
});
export type ServiceTicketClaims = z.infer<typeof ServiceTicketClaims>;

export interface NewServiceTicket extends Omit<ServiceTicketClaims, 'cnf'> {
  readonly key: JWK;
  /** How long a stream may be begun, from now. */
  readonly seconds: number;
}

/** A JWK (RFC 8037, Ed25519): the public half of the key that signs tickets. */
export type TicketKey = JWK;

export interface TicketSigner {
  /** The public half, for {@link verifyTicket}. */
  readonly publicJwk: TicketKey;
  sign(ticket: NewTicket): Promise<string>;
  signService(ticket: NewServiceTicket): Promise<string>;
}

const algorithm = 'EdDSA';
/** One kind of ticket can never pass for the other, nor other tokens of the same key for a ticket. */
const types = { bytes: 'atelier-ticket+jwt', service: 'atelier-service-ticket+jwt' } as const;
/** Receivers and givers go by the coordinator's clock, as they last heard it; it may be off by as much as a message takes. */
const clockToleranceSeconds = 60;

const thumbprints = new WeakMap<JWK, Promise<string>>();

/** The name of a public key (RFC 7638, SHA-256 in base64url), kept for as long as its object is. */
export function keyThumbprint(key: JWK): Promise<string> {
  const known = thumbprints.get(key) ?? calculateJwkThumbprint(key);
  thumbprints.set(key, known);
  return known;
}

/**
 * Signs transfer tickets with the key of a file, which is made (mode 0600) where it is missing.
 * @param agree gives the key that several coordinators use together, as text, for the text of one's own
 * @throws AtelierError `invalid-input` if the file holds no Ed25519 key
 */
export async function createTicketSigner(keyFile: string, agree: (own: string) => Promise<string> = async (own) => own): Promise<TicketSigner> {
  const own = (await readKey(keyFile)) ?? (await makeKey(keyFile));
  const jwk = PrivateKey.parse(tryJson(await agree(JSON.stringify(own))));
  const privateKey = await importJWK(jwk, algorithm);
  const { d: _secret, ...publicJwk } = jwk;
  const sign = async (typ: string, { seconds, key, ...claims }: NewTicket | NewServiceTicket) =>
    new SignJWT({ ...claims, cnf: { jkt: await keyThumbprint(key) } })
      .setProtectedHeader({ alg: algorithm, typ })
      .setIssuedAt()
      .setExpirationTime(`${Math.ceil(seconds)} seconds`)
      .sign(privateKey);
  return { publicJwk, sign: (ticket) => sign(types.bytes, ticket), signService: (ticket) => sign(types.service, ticket) };
}

async function readKey(keyFile: string): Promise<JWK | undefined> {
  const text = await readFile(keyFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const parsed = PrivateKey.safeParse(tryJson(text));
  if (parsed.success) return parsed.data;
  throw new AtelierError('invalid-input', `${keyFile} holds no Ed25519 key.`, { hint: 'Move the file away; a new key is made at the next start.' });
}

const PrivateKey = z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string(), d: z.string() });

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Two processes may make a key at once: the first file to stand under the name is the key of both. */
async function makeKey(keyFile: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  await mkdir(dirname(keyFile), { recursive: true });
  const temporary = `${keyFile}.${randomUUID()}`;
  await using handle = await open(temporary, 'wx', 0o600);
  try {
    await handle.writeFile(JSON.stringify(await exportJWK(privateKey)));
    await handle.sync();
    await link(temporary, keyFile).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(temporary, { force: true });
  }
  return (await readKey(keyFile)) as JWK;
}

/**
 * Checks a ticket: signature, time, and that it is for these bytes and this giver. Who shows it has to prove its key besides: {@link ProofReader}.
 * @param publicJwk the coordinator's key, as `welcome` tells it
 * @throws AtelierError `token-expired`, `forbidden` for another artifact or giver, `unauthenticated` for anything else
 */
export async function verifyTicket(publicJwk: TicketKey, token: string, wanted: { hash: string; from: string; now?: Date }): Promise<TicketClaims> {
  const claims = await readTicket(publicJwk, token, { ...bytesTicket, now: wanted.now });
  if (claims.hash !== wanted.hash || claims.from !== wanted.from) {
    throw new AtelierError('forbidden', 'The ticket is for something else.', { hint: 'Ask the coordinator for a ticket for these bytes.' });
  }
  return claims;
}

/**
 * What a ticket that may be past its time was for, so that it can be replaced.
 * @throws AtelierError `unauthenticated` if it was not signed with this key
 */
export async function readPastTicket(publicJwk: TicketKey, token: string): Promise<TicketClaims> {
  return readTicket(publicJwk, token, { ...bytesTicket, which: 'also past its time' });
}

/**
 * Checks a ticket for a service: signature, time, and that it is for this service, this life of it and this edge. Who shows it has to prove its key besides.
 * @throws AtelierError `token-expired`; `conflict` if the service was started again since; `forbidden` for another service or edge; `unauthenticated`
 */
export async function verifyServiceTicket(
  publicJwk: TicketKey,
  token: string,
  wanted: { service: string; fence: number; from: string; now?: Date },
): Promise<ServiceTicketClaims> {
  const claims = await readTicket(publicJwk, token, { ...serviceTicket, now: wanted.now });
  if (claims.service !== wanted.service || claims.from !== wanted.from) {
    throw new AtelierError('forbidden', 'The ticket is for another service.', { hint: 'Ask the coordinator for a ticket for this one.' });
  }
  if (claims.fence === wanted.fence) return claims;
  throw new AtelierError('conflict', 'The service was started again after the ticket was given.', { hint: 'Ask the coordinator for a new ticket.' });
}

const bytesTicket = { typ: types.bytes, claims: TicketClaims } as const;
const serviceTicket = { typ: types.service, claims: ServiceTicketClaims } as const;

interface Reading<C extends z.ZodType> {
  readonly typ: string;
  readonly claims: C;
  readonly now?: Date | undefined;
  readonly which?: 'also past its time';
}

async function readTicket<C extends z.ZodType>(publicJwk: JWK, token: string, { typ, claims, now, which }: Reading<C>): Promise<z.output<C>> {
  try {
    const key = await importJWK(publicJwk, algorithm);
    const options = {
      algorithms: [algorithm],
      typ,
      clockTolerance: clockToleranceSeconds,
      requiredClaims: ['exp'],
      ...(now ? { currentDate: now } : {}),
    };
    const { payload } = await jwtVerify(token, key, options).catch((thrown: unknown) => {
      // Time is looked at last, after the signature.
      if (which && thrown instanceof joseErrors.JWTExpired) return { payload: thrown.payload };
      throw thrown;
    });
    return claims.parse(payload);
  } catch (cause) {
    if (cause instanceof joseErrors.JWTExpired) {
      throw new AtelierError('token-expired', 'The ticket is past its time.', { hint: 'Ask the coordinator for a new one.', cause });
    }
    throw new AtelierError('unauthenticated', 'The ticket is not valid here.', { hint: 'Ask the coordinator for a new one.', cause });
  }
}
