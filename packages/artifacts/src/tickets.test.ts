import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importJWK, type JWK, SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { createTicketSigner, keyThumbprint, readPastTicket, verifyServiceTicket, verifyTicket } from './tickets.ts';

const hash = 'a'.repeat(64);
const { publicKey } = generateKeyPairSync('ed25519');
const key = publicKey.export({ format: 'jwk' }) as JWK;
const claims = { hash, to: 'taker', from: 'giver', attempt: 'one' };

async function keyFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'atelier-tickets-'));
  return { file: join(folder, 'ticket-key.json'), [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

test('a ticket says who may read what from whom', async () => {
  await using folder = await keyFolder();
  const signer = await createTicketSigner(folder.file);
  const token = await signer.sign({ ...claims, key, seconds: 60 });
  expect(await verifyTicket(signer.publicJwk, token, { hash, from: 'giver' })).toEqual({ ...claims, cnf: { jkt: await keyThumbprint(key) } });
});

test('the key is kept, readable by its owner only, and its secret half is not given out', async () => {
  await using folder = await keyFolder();
  const [first, second] = await Promise.all([createTicketSigner(folder.file), createTicketSigner(folder.file)]);
  expect(second.publicJwk).toEqual(first.publicJwk);
  expect((await stat(folder.file)).mode & 0o777).toBe(0o600);
  expect(first.publicJwk).not.toHaveProperty('d');
});

test('a ticket for other bytes, of another giver, past its time, of another key or of another kind is refused', async () => {
  await using folder = await keyFolder();
  await using otherFolder = await keyFolder();
  const signer = await createTicketSigner(folder.file);
  const other = await createTicketSigner(otherFolder.file);
  const token = await signer.sign({ ...claims, key, seconds: 60 });
  const refused = (jwk: typeof signer.publicJwk, given: string, wanted: Parameters<typeof verifyTicket>[2]) =>
    verifyTicket(jwk, given, wanted).then(
      () => 'taken',
      (error: { code: string }) => error.code,
    );
  const secret = await importJWK(JSON.parse(await readFile(folder.file, 'utf8')), 'EdDSA');
  const session = await new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA' }).setExpirationTime('1 hour').sign(secret);
  const endless = await new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', typ: 'atelier-ticket+jwt' }).sign(secret);
  const [head, , signature] = token.split('.') as [string, string, string];
  const forged = [head, Buffer.from(JSON.stringify({ ...claims, hash: 'b'.repeat(64), exp: 9e9 })).toString('base64url'), signature].join('.');
  expect(await refused(signer.publicJwk, token, { hash: 'b'.repeat(64), from: 'giver' })).toBe('forbidden');
  expect(await refused(signer.publicJwk, token, { hash, from: 'somebody' })).toBe('forbidden');
  expect(await refused(signer.publicJwk, token, { hash, from: 'giver', now: new Date(Date.now() + 3_600_000) })).toBe('token-expired');
  expect(await refused(other.publicJwk, token, { hash, from: 'giver' })).toBe('unauthenticated');
  expect(await refused(signer.publicJwk, session, { hash, from: 'giver' })).toBe('unauthenticated');
  expect(await refused(signer.publicJwk, endless, { hash, from: 'giver' })).toBe('unauthenticated');
  expect(await refused(signer.publicJwk, forged, { hash: 'b'.repeat(64), from: 'giver' })).toBe('unauthenticated');
  expect(await refused(signer.publicJwk, 'nonsense', { hash, from: 'giver' })).toBe('unauthenticated');
});

test('what a ticket past its time was for can be read, and of another key or kind not even that', async () => {
  await using folder = await keyFolder();
  await using otherFolder = await keyFolder();
  const signer = await createTicketSigner(folder.file);
  const past = await signer.sign({ ...claims, key, seconds: -3600 });
  expect(await readPastTicket(signer.publicJwk, past)).toMatchObject(claims);
  const other = await createTicketSigner(otherFolder.file);
  await expect(readPastTicket(other.publicJwk, past)).rejects.toMatchObject({ code: 'unauthenticated' });
  const secret = await importJWK(JSON.parse(await readFile(folder.file, 'utf8')), 'EdDSA');
  const session = await new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', typ: 'JWT' }).setExpirationTime('-1 hour').sign(secret);
  await expect(readPastTicket(signer.publicJwk, session)).rejects.toMatchObject({ code: 'unauthenticated' });
});

test('a key file with something else in it is refused and left alone', async () => {
  await using folder = await keyFolder();
  await writeFile(folder.file, '{"kty":"oct"}');
  await expect(createTicketSigner(folder.file)).rejects.toMatchObject({ code: 'invalid-input' });
  expect(await readFile(folder.file, 'utf8')).toBe('{"kty":"oct"}');
});

test('a ticket for a service is of one life of it, and no ticket for bytes; nor the other way round', async () => {
  await using folder = await keyFolder();
  const signer = await createTicketSigner(folder.file);
  const service = { service: 'one', fence: 7, caller: 'two', to: 'taker', from: 'giver' };
  const wanted = { service: 'one', fence: 7, from: 'giver' };
  const token = await signer.signService({ ...service, key, seconds: 60 });
  const verified = (given: string, as = wanted) => verifyServiceTicket(signer.publicJwk, given, as);
  expect(await verified(token)).toEqual({ ...service, cnf: { jkt: await keyThumbprint(key) } });
  await expect(verified(token, { ...wanted, fence: 8 })).rejects.toMatchObject({ code: 'conflict' });
  await expect(verified(token, { ...wanted, fence: 6 })).rejects.toMatchObject({ code: 'conflict' });
  await expect(verified(token, { ...wanted, service: 'another' })).rejects.toMatchObject({ code: 'forbidden' });
  await expect(verified(token, { ...wanted, from: 'another' })).rejects.toMatchObject({ code: 'forbidden' });
  await expect(verified(await signer.signService({ ...service, key, seconds: -600 }))).rejects.toMatchObject({ code: 'token-expired' });
  await expect(verifyTicket(signer.publicJwk, token, { hash, from: 'giver' })).rejects.toMatchObject({ code: 'unauthenticated' });
  await expect(verified(await signer.sign({ ...claims, key, seconds: 60 }))).rejects.toMatchObject({ code: 'unauthenticated' });
});
