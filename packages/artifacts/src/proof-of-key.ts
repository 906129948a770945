import { createHash, createPrivateKey, randomUUID } from 'node:crypto';
import { AtelierError } from '@atelier/protocol';
import { EmbeddedJWK, type JWK, errors as joseErrors, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { keyThumbprint } from './tickets.ts';

/** A request for which a token (a ticket, or that of an edge's connection) is shown. */
export interface Presented {
  readonly method: string;
  /** Absolute, or a path. */
  readonly url: string;
  readonly token: string;
}

/** Proves by a JWT of its own (RFC 9449, DPoP) that who shows a token holds the key that it was given to. */
export type KeyProver = (presented: Presented) => Promise<string>;

const algorithm = 'EdDSA';
const type = 'dpop+jwt';
/** How old a proof may be: it is made for one request. Both sides go by the coordinator's clock, as they last heard it. */
const proofSeconds = 60;
const clockToleranceSeconds = 30;
/** Longer than a proof is worth anything, from the earliest moment at which it is taken. */
const rememberMs = 2 * (proofSeconds + clockToleranceSeconds) * 1000;

/**
 * @param privateJwk Ed25519 (RFC 8037)
 * @param now the coordinator's time, as well as it is known
 */
export function createKeyProver(privateJwk: JWK, now: () => Date): KeyProver {
  const key = createPrivateKey({ key: privateJwk as never, format: 'jwk' });
  const { kty, crv, x } = privateJwk;
  return ({ method, url, token }) =>
    new SignJWT({ jti: randomUUID(), htm: method, htu: withoutQuery(url), ath: digest(token) })
      .setProtectedHeader({ alg: algorithm, typ: type, jwk: { kty, crv, x } as JWK })
      .setIssuedAt(now())
      .sign(key);
}

/** The headers that show a token with its proof. */
export async function presentToken(prove: KeyProver, presented: Presented): Promise<{ authorization: string; dpop: string }> {
  return { authorization: `DPoP ${presented.token}`, dpop: await prove(presented) };
}

/** The token of an `Authorization` header of the scheme DPoP. */
export function presentedToken(authorization: string | null | undefined): string | null {
  return /^DPoP +(\S+)$/i.exec(authorization ?? '')?.[1] ?? null;
}

const Proof = z.object({ jti: z.string().min(1).max(100), htm: z.string(), htu: z.string(), ath: z.string() });

/** Longer than any proof of ours. */
const mostCharacters = 4_000;

/** Reads proofs, and takes each once. */
export class ProofReader {
  readonly #most: number;
  /** Numbers of proofs that were taken, in this span of time and the one before. */
  #seen = { since: performance.now(), now: new Set<string>(), before: new Set<string>() };

  /** @param most proofs within three minutes; more are refused, so that none is forgotten too early */
  constructor(most = 100_000) {
    this.#most = most;
  }

  /**
   * @param jkt the thumbprint of the key to which the token was given
   * @param now the coordinator's time, as well as it is known
   * @throws AtelierError `unauthenticated` without a proof of this request, `forbidden` for another's token, `rate-limited`
   */
  async check(proof: string | null | undefined, presented: Presented, jkt: string, now = new Date()): Promise<void> {
    if (!proof || proof.length > mostCharacters) throw notProven('nothing proves that it is shown by whom it was given to');
    const { key, claims } = await readProof(proof, now);
    if ((await keyThumbprint(key)) !== jkt) {
      throw new AtelierError('forbidden', 'This token was given to another machine.', { hint: 'Every machine has to join by itself.' });
    }
    if (claims.htm !== presented.method || pathOf(claims.htu) !== pathOf(presented.url) || claims.ath !== digest(presented.token)) {
      throw notProven('the proof is of another request');
    }
    this.#takeOnce(claims.jti);
  }

  #takeOnce(jti: string): void {
    const now = performance.now();
    if (now - this.#seen.since > rememberMs) this.#seen = { since: now, now: new Set(), before: this.#seen.now };
    const { now: recent, before } = this.#seen;
    if (recent.has(jti) || before.has(jti)) throw notProven('the proof was used before');
    if (recent.size >= this.#most) throw new AtelierError('rate-limited', 'Too many requests came at once.', { hint: 'Wait a minute; then try again.' });
    recent.add(jti);
  }
}

async function readProof(proof: string, now: Date): Promise<{ key: JWK; claims: z.infer<typeof Proof> }> {
  try {
    const options = { algorithms: [algorithm], typ: type, currentDate: now, maxTokenAge: proofSeconds, clockTolerance: clockToleranceSeconds };
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, options);
    return { key: protectedHeader.jwk as JWK, claims: Proof.parse(payload) };
  } catch (cause) {
    const isOld = cause instanceof joseErrors.JWTExpired || (cause instanceof joseErrors.JWTClaimValidationFailed && cause.claim === 'iat');
    throw notProven(isOld ? 'the proof is not of now' : 'the proof cannot be read', cause);
  }
}

function notProven(why: string, cause?: unknown): AtelierError {
  return new AtelierError('unauthenticated', `The token is not taken: ${why}.`, { hint: 'Run the same release of Atelier on both machines.', cause });
}

/** Proxies may change the name of the giver, which the ticket holds itself; the path says which bytes are meant. */
function pathOf(url: string): string | undefined {
  return URL.canParse(url, 'http://giver') ? new URL(url, 'http://giver').pathname : undefined;
}

function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/, '');
}

function digest(token: string): string {
  return createHash('sha256').update(token, 'ascii').digest('base64url');
}
