import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { seeded } from '@atelier/seeded';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fetchArtifact, type TransferOptions } from './fetch-artifact.ts';
import { type FolderStore, folderStore } from './folder-store.ts';
import { parseRange } from './range.ts';

/** How a source misbehaves; each answer takes the next one. */
type Fault =
  | { readonly kind: 'cut'; readonly after: number }
  | { readonly kind: 'flip'; readonly byte: number }
  | { readonly kind: 'status' }
  | { readonly kind: 'refuses'; readonly code: 'token-expired' | 'unavailable' }
  | { readonly kind: 'hang' };

let folder: string;
let store: FolderStore;
let server: Server;
const faults = new Map<string, Fault[]>();
const asked: string[] = [];
/** Tickets and the proofs with which they came. */
const shown: string[] = [];
const prove: TransferOptions['prove'] = async ({ method, url, token }) => `${method} ${new URL(url).pathname} ${token}`;

const random = seeded('fetching').next;
const content = Buffer.from(Uint8Array.from({ length: 400_000 }, () => Math.floor(random() * 256)));
const artifact = { hash: createHash('sha256').update(content).digest('hex'), sizeBytes: content.byteLength };

/** What is refused before a byte is sent. */
function refuses(fault: Fault, response: ServerResponse): boolean {
  if (fault.kind === 'refuses') response.writeHead(401).end(JSON.stringify({ error: { code: fault.code, message: 'Not now.' } }));
  if (fault.kind === 'status') response.writeHead(503).end();
  return ['refuses', 'hang', 'status'].includes(fault.kind);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atelier-fetch-'));
  store = await folderStore(join(folder, 'artifacts'));
  server = createServer((request, response) => {
    const source = (request.url ?? '').slice(1);
    asked.push(`${source} ${request.headers.range ?? ''}`.trim());
    shown.push(`${request.headers.authorization} by ${request.headers.dpop}`);
    const fault = faults.get(source)?.shift();
    if (fault && refuses(fault, response)) return;
    const range = parseRange(request.headers.range, content.byteLength);
    const { start, end } = typeof range === 'object' ? range : { start: 0, end: content.byteLength - 1 };
    const part = Buffer.from(content.subarray(start, end + 1));
    if (fault?.kind === 'flip' && fault.byte >= start) part[fault.byte - start] = (part[fault.byte - start] as number) ^ 1;
    response.writeHead(range ? 206 : 200, {
      'content-length': part.byteLength,
      ...(range ? { 'content-range': `bytes ${start}-${end}/${content.byteLength}` } : {}),
    });
    if (fault?.kind !== 'cut') return void response.end(part);
    response.write(part.subarray(0, fault.after), () => response.destroy());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  await rm(folder, { recursive: true, force: true });
});

async function fetchFrom(sources: Record<string, Fault[]>, options: Partial<TransferOptions> = {}) {
  await store.delete(artifact.hash);
  asked.length = 0;
  shown.length = 0;
  faults.clear();
  for (const [source, list] of Object.entries(sources)) faults.set(source, [...list]);
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return fetchArtifact(Object.keys(sources).map(ticketOf), artifact, store, { baseUrl, prove, ...options });
}

const ticketOf = (from: string) => ({ from, url: `/${from}`, address: null, token: 'ticket' });

async function isWhole(): Promise<boolean> {
  return (await buffer(await store.get(artifact.hash))).equals(content);
}

test('bytes come from the first source, measured, and are not fetched twice', async () => {
  const { transfers } = await fetchFrom({ near: [], far: [] });
  expect(await isWhole()).toBe(true);
  expect(transfers).toEqual([{ from: 'near', bytes: content.byteLength, seconds: expect.any(Number), latencySeconds: expect.any(Number) }]);
  expect(await fetchArtifact([], artifact, store, { baseUrl: 'http://nowhere', prove })).toEqual({ transferred: false, transfers: [] });
});

test('cut at any offset, the rest is fetched and nothing twice', async () => {
  for (let round = 0; round < 20; round++) {
    const cuts = Array.from({ length: Math.floor(random() * 4) }, (): Fault => ({ kind: 'cut', after: Math.floor(random() * 150_000) }));
    const { transfers } = await fetchFrom({ near: cuts, far: [] });
    expect(await isWhole()).toBe(true);
    expect(transfers.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(content.byteLength);
  }
});

test('a source that answers with an error or not at all is left for the next', async () => {
  await fetchFrom({ broken: [{ kind: 'status' }], silent: [{ kind: 'hang' }], far: [] }, { idleMs: 100 });
  expect(await isWhole()).toBe(true);
  expect(asked).toEqual(['broken', 'silent', 'far']);
});

test('corrupt bytes are fetched elsewhere and never kept', async () => {
  await fetchFrom({ liar: Array.from({ length: 9 }, (): Fault => ({ kind: 'flip', byte: 1000 })), far: [] });
  expect(await isWhole()).toBe(true);
  expect(asked).toEqual(['liar', 'far']);
});

test('a source that lies and is then cut cannot spoil what the next one gives', async () => {
  const lie: Fault[] = [{ kind: 'flip', byte: 10 }];
  // The first answer is corrupt and whole; as several gave bytes, each is tried alone.
  await fetchFrom({
    half: [{ kind: 'cut', after: 1000 }, { kind: 'status' }, { kind: 'flip', byte: 5 }],
    liar: [{ kind: 'flip', byte: 200_000 }, ...lie],
    far: [],
  });
  expect(await isWhole()).toBe(true);
  expect(asked.at(-1)).toBe('far');
});

test('where every source is corrupt the error says so, and nothing is kept', async () => {
  const lies = Array.from({ length: 3 }, (): Fault => ({ kind: 'flip', byte: 0 }));
  await expect(fetchFrom({ liar: lies, other: lies })).rejects.toMatchObject({ code: 'hash-mismatch' });
  expect(await store.has(artifact.hash)).toBe(false);
});

test('where no source answers the error says so', async () => {
  await expect(fetchFrom({ broken: [{ kind: 'status' }] })).rejects.toMatchObject({ code: 'download-failed' });
  await expect(fetchFrom({})).rejects.toMatchObject({ code: 'not-found' });
});

test('aborting ends the fetch with the reason', async () => {
  const abort = new AbortController();
  const fetching = fetchFrom({ silent: [{ kind: 'hang' }], far: [] }, { signal: abort.signal });
  await expect.poll(() => asked.length).toBe(1);
  abort.abort(new RangeError('enough'));
  await expect(fetching).rejects.toThrow(RangeError);
});

test('each request to a source proves its ticket, also when the rest is asked for', async () => {
  await fetchFrom({ near: [{ kind: 'cut', after: 1000 }] });
  expect(shown).toEqual(['DPoP ticket by GET /near ticket', 'DPoP ticket by GET /near ticket']);
});

test('a long transfer whose ticket has run out when it is cut goes on with a new one, from where it was, as often as it must', async () => {
  const expired: Fault = { kind: 'refuses', code: 'token-expired' };
  const renewed: string[] = [];
  const renew: TransferOptions['renew'] = async ({ token }) => {
    renewed.push(token);
    return [{ ...ticketOf('near'), token: `ticket ${renewed.length}` }, ticketOf('a stranger')];
  };
  const rounds = 12;
  const faults = Array.from({ length: rounds }, (): Fault[] => [{ kind: 'cut', after: 20_000 }, expired]).flat();
  const { transfers } = await fetchFrom({ near: faults }, { renew });
  expect(await isWhole()).toBe(true);
  expect(transfers.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(content.byteLength);
  expect(renewed).toHaveLength(rounds);
  expect(shown.at(-1)).toContain(`ticket ${rounds}`);
  expect(asked.filter((one) => !one.startsWith('near'))).toEqual([]);
});

test('where new tickets bring nothing either, or are not to be had, the fetch ends', async () => {
  const refusals = (code: 'token-expired' | 'unavailable') => Array.from({ length: 50 }, (): Fault => ({ kind: 'refuses', code }));
  let renewals = 0;
  const renew = async () => {
    renewals++;
    return [ticketOf('near')];
  };
  await expect(fetchFrom({ near: refusals('unavailable') }, { renew, pauseMs: 1 })).rejects.toMatchObject({ code: 'download-failed' });
  expect(renewals).toBe(3);
  const refuse = () => Promise.reject(new Error('revoked'));
  await expect(fetchFrom({ near: refusals('token-expired') }, { renew: refuse })).rejects.toMatchObject({ code: 'download-failed' });
  expect(asked).toEqual(['near']);
});
