import { generateKeyPairSync } from 'node:crypto';
import { importJWK, type JWK, SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { createKeyProver, ProofReader } from './proof-of-key.ts';
import { keyThumbprint } from './tickets.ts';

const newKey = () => generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }) as JWK;
const own = newKey();
const jkt = await keyThumbprint(own);
const asked = { method: 'GET', url: 'http://giver:4750/artifacts/abc', token: 'a.ticket' };
const now = new Date('2026-11-28T12:00:00Z');
const later = (seconds: number) => new Date(now.getTime() + seconds * 1000);
const prove = createKeyProver(own, () => now);

/** The code with which it is refused, or `taken`. */
function judged(proof: string | undefined, more: { reader?: ProofReader; asked?: Partial<typeof asked>; now?: Date } = {}): Promise<string> {
  const reading = (more.reader ?? new ProofReader()).check(proof, { ...asked, ...more.asked }, jkt, more.now ?? now);
  return reading.then(
    () => 'taken',
    (error: { code: string }) => error.code,
  );
}

test('a proof is taken once, for its own request, by whatever name the giver is called', async () => {
  const reader = new ProofReader();
  const proof = await prove({ ...asked, url: `${asked.url}?part=1` });
  expect(await judged(proof, { reader, asked: { url: 'https://a-proxy/artifacts/abc' } })).toBe('taken');
  expect(await judged(proof, { reader })).toBe('unauthenticated');
  expect(await judged(await prove(asked), { reader })).toBe('taken');
});

test('a ticket that is shown with the proof of another key, or with none, is refused', async () => {
  expect(await judged(await createKeyProver(newKey(), () => now)(asked))).toBe('forbidden');
  expect(await judged(undefined)).toBe('unauthenticated');
  expect(await judged('nonsense')).toBe('unauthenticated');
  expect(await judged('x'.repeat(1_000_000))).toBe('unauthenticated');
});

test('a proof of another method, path, token or time is refused', async () => {
  const proof = await prove(asked);
  expect(await judged(proof, { asked: { method: 'PUT' } })).toBe('unauthenticated');
  expect(await judged(proof, { asked: { url: 'http://giver:4750/artifacts/abd' } })).toBe('unauthenticated');
  expect(await judged(proof, { asked: { token: 'other.ticket' } })).toBe('unauthenticated');
  expect(await judged(proof, { now: later(600) })).toBe('unauthenticated');
  expect(await judged(proof, { now: later(-600) })).toBe('unauthenticated');
  expect(await judged(proof, { now: later(20) })).toBe('taken');
});

test('what the key signed for another purpose, and a proof that names a key it was not signed with, are refused', async () => {
  const { d: _secret, ...publicJwk } = own;
  const claims = { jti: '1', htm: 'GET', htu: asked.url, ath: 'x' };
  const sign = async (key: JWK, typ: string) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'EdDSA', typ, jwk: publicJwk })
      .setIssuedAt(now)
      .sign(await importJWK(key, 'EdDSA'));
  expect(await judged(await sign(own, 'JWT'))).toBe('unauthenticated');
  expect(await judged(await sign(newKey(), 'dpop+jwt'))).toBe('unauthenticated');
});

test('where more proofs come than can be remembered, they are refused and none is forgotten', async () => {
  const reader = new ProofReader(2);
  const first = await prove(asked);
  expect(await judged(first, { reader })).toBe('taken');
  expect(await judged(await prove(asked), { reader })).toBe('taken');
  expect(await judged(await prove(asked), { reader })).toBe('rate-limited');
  expect(await judged(first, { reader })).toBe('unauthenticated');
});
