import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importJWK, SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { createTicketSigner, verifyTicket } from './tickets.ts';

const hash = 'a'.repeat(64);
const claims = { hash, to: 'taker', from: 'giver' };

async function keyFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'atelier-tickets-'));
  return { file: join(folder, 'ticket-key.json'), [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

test('a ticket says who may read what from whom', async () => {
  await using key = await keyFolder();
  const signer = await createTicketSigner(key.file);
  const token = await signer.sign({ ...claims, seconds: 60 });
  expect(await verifyTicket(signer.publicJwk, token, { hash, from: 'giver' })).toEqual(claims);
});

test('the key is kept, readable by its owner only, and its secret half is not given out', async () => {
  await using key = await keyFolder();
  const [first, second] = await Promise.all([createTicketSigner(key.file), createTicketSigner(key.file)]);
  expect(second.publicJwk).toEqual(first.publicJwk);
  expect((await stat(key.file)).mode & 0o777).toBe(0o600);
  expect(first.publicJwk).not.toHaveProperty('d');
});

test('a ticket for other bytes, of another giver, past its time, of another key or of another kind is refused', async () => {
  await using key = await keyFolder();
  await using otherKey = await keyFolder();
  const signer = await createTicketSigner(key.file);
  const other = await createTicketSigner(otherKey.file);
  const token = await signer.sign({ ...claims, seconds: 60 });
  const refused = (jwk: typeof signer.publicJwk, given: string, wanted: Parameters<typeof verifyTicket>[2]) =>
    verifyTicket(jwk, given, wanted).then(
      () => 'taken',
      (error: { code: string }) => error.code,
    );
  const secret = await importJWK(JSON.parse(await readFile(key.file, 'utf8')), 'EdDSA');
  const session = await new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA' }).setExpirationTime('1 hour').sign(secret);
  const endless = await new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', typ: 'atelier-ticket+jwt' }).sign(secret);
  const [head, , signature] = token.split('.') as [string, string, string];
  const forged = [head, Buffer.from(JSON.stringify({ ...claims, hash: 'b'.repeat(64), exp: 9e9 })).toString('base64url'), signature].join('.');
  expect(await refused(signer.publicJwk, token, { hash: 'b'.repeat(64) })).toBe('forbidden');
  expect(await refused(signer.publicJwk, token, { hash, from: 'somebody' })).toBe('forbidden');
  expect(await refused(signer.publicJwk, token, { hash, now: new Date(Date.now() + 3_600_000) })).toBe('token-expired');
  expect(await refused(other.publicJwk, token, { hash })).toBe('unauthenticated');
  expect(await refused(signer.publicJwk, session, { hash })).toBe('unauthenticated');
  expect(await refused(signer.publicJwk, endless, { hash })).toBe('unauthenticated');
  expect(await refused(signer.publicJwk, forged, { hash: 'b'.repeat(64) })).toBe('unauthenticated');
  expect(await refused(signer.publicJwk, 'nonsense', { hash })).toBe('unauthenticated');
});

test('a key file with something else in it is refused and left alone', async () => {
  await using key = await keyFolder();
  await writeFile(key.file, '{"kty":"oct"}');
  await expect(createTicketSigner(key.file)).rejects.toMatchObject({ code: 'invalid-input' });
  expect(await readFile(key.file, 'utf8')).toBe('{"kty":"oct"}');
});
