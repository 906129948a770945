import { Writable } from 'node:stream';
import { newId } from '@atelier/protocol';
import pino from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestCoordinator, testCoordinator } from './coordinator.test-support.ts';

/** Texts that cannot be kept, names that are cut, and what an answer tells of a defect. */
let coordinator: TestCoordinator;
let token: string;
const logged: string[] = [];

beforeAll(async () => {
  const stream = new Writable({
    write(line, _encoding, done) {
      logged.push(String(line));
      done();
    },
  });
  coordinator = await testCoordinator({ log: pino({ level: 'warn' }, stream) });
  token = coordinator.ownerToken;
});
afterAll(() => coordinator.close());

const origin = () => ({ origin: coordinator.url });
const chat = (content: string) => ({ model: 'auto', messages: [{ role: 'user', content }] });

/** Every way by which a text comes in. */
const doors: [string, (text: string) => Promise<Response>][] = [
  ['a run', (text) => coordinator.call('/api/runs', { token, body: { chain: 'text-generation', inputs: { input: { text } } } })],
  ['a plan', (text) => coordinator.call('/api/plan', { token, body: { chain: text } })],
  [
    'a parameter',
    (text) => coordinator.call('/api/runs', { token, body: { chain: 'text-generation', inputs: { input: { text: 'a' } }, set: { [text]: text } } }),
  ],
  ["a token's name", (text) => coordinator.call('/api/tokens', { token, body: { name: text } })],
  ['a search', (text) => coordinator.call(`/api/gallery?search=${encodeURIComponent(text.toWellFormed())}`, { token })],
  ['a welcome', (text) => coordinator.call('/api/welcome', { body: { code: 'x'.repeat(16), name: text, email: 'a@b.example', password: 'long enough' } })],
  ['a sign-in', (text) => coordinator.call('/api/auth/sign-in/email', { headers: origin(), body: { email: `${text}@b.example`, password: text } })],
  ['an edge that joins', (text) => coordinator.call('/api/edge/join', { body: { token: text, name: text, publicKey: {} } })],
  ['a chat', (text) => coordinator.call('/v1/chat/completions', { token, body: chat(text) })],
  ['a picture', (text) => coordinator.call('/v1/images/generations', { token, body: { model: text, prompt: text } })],
  ['a film of two words', (text) => coordinator.call(`/predict/?word1=${encodeURIComponent(text.toWellFormed())}&word2=b`, { token })],
  ['an address', (text) => coordinator.call(`/api/outputs/${encodeURIComponent(text.toWellFormed())}/content`, { token })],
  ['an upload', (text) => coordinator.call(`/api/uploads/${encodeURIComponent(text.toWellFormed())}/result`, { token })],
];

test.each(doors)('the character zero and halves of characters in %s are refused without a word of what is inside', async (_, send) => {
  for (const text of ['a\u0000b', '\u0000', 'half \ud83c', '\udf4e first']) {
    const answer = await send(text);
    const body = await answer.text();
    expect(answer.status, body).toBeGreaterThanOrEqual(text.includes('\u0000') ? 400 : 200);
    expect(answer.status, body).toBeLessThan(500);
    expect(body).not.toMatch(/select |insert |params|\$1|byte sequence/i);
  }
});

test('JSON may begin with a byte order mark, everywhere', async () => {
  const headers = { 'content-type': 'application/json' };
  const marked = (value: unknown) => Buffer.from(`\ufeff${JSON.stringify(value)}`);
  const own = await coordinator.call('/api/tokens', { method: 'POST', token, headers, body: marked({ name: 'marked' }) });
  expect(own.status).toBe(201);
  const foreign = await coordinator.call('/v1/chat/completions', { method: 'POST', token, headers, body: marked(chat('hello')) });
  expect(await foreign.text()).not.toMatch(/JSON/);
});

async function upload(name: string): Promise<{ outputId: string; name: string }> {
  const tus = { 'tus-resumable': '1.0.0', 'content-type': 'application/offset+octet-stream', 'upload-length': '5' };
  const metadata = { 'upload-metadata': `filename ${Buffer.from(name).toString('base64')}` };
  const made = await coordinator.call('/api/uploads', { method: 'POST', token, headers: { ...tus, ...metadata }, body: Buffer.from('apple') });
  expect(made.status).toBe(201);
  return (await coordinator.call(`${made.headers.get('location')}/result`, { token })).json();
}

test('a file is served under its name, wherever an emoji lies in it', async () => {
  for (const length of [145, 148, 149, 150, 195, 198, 199, 200, 300]) {
    const { outputId, name } = await upload(`${'a'.repeat(length)}🍎🍏.txt`);
    expect([name.isWellFormed(), name.length <= 200, name.endsWith('.txt')]).toEqual([true, true, true]);
    const answer = await coordinator.call(`/api/outputs/${outputId}/content?download=1`, { token });
    expect([length, answer.status]).toEqual([length, 200]);
    expect(decodeURIComponent(answer.headers.get('content-disposition')?.split("''")[1] ?? '')).toBe(name);
  }
});

test('a name without its zeros and line ends is kept', async () => {
  expect((await upload('ap\u0000ple\r\nset-cookie: x.txt')).name).toBe('ap ple set-cookie: x.txt');
});

test('of a defect an answer tells the id of its request and nothing else; the log tells the rest under the same id', async () => {
  const rename = (table: string, to: string) => coordinator.database.pool.query(`ALTER TABLE ${table} RENAME TO ${to}`);
  const member = await coordinator.person('member');
  const asks: [string, () => Promise<Response>][] = [
    ['outputs', () => coordinator.call('/api/gallery', { token: member.token })],
    ['outputs', () => coordinator.call(`/api/outputs/${newId()}/content`, { token: member.token })],
    [
      'outputs',
      () =>
        coordinator.call('/v1/chat/completions', {
          token: member.token,
          body: {
            ...chat('hello'),
            messages: [
              { role: 'user', content: 'x' },
              { role: 'assistant', content: 'y' },
              { role: 'user', content: 'z' },
            ],
          },
        }),
    ],
    ['upload', () => coordinator.call('/api/uploads', { method: 'POST', token: member.token, headers: { 'tus-resumable': '1.0.0', 'upload-length': '5' } })],
    ['upload', () => coordinator.call(`/api/uploads/${newId()}/result`, { token: member.token })],
    ['"user"', () => coordinator.call('/api/auth/sign-in/email', { headers: origin(), body: { email: 'ada@example.org', password: 'long enough' } })],
  ];
  for (const [table, ask] of asks) {
    await rename(table, 'away');
    const answer = await ask().finally(() => rename('away', table));
    const body = await answer.text();
    const id = answer.headers.get('x-request-id') as string;
    expect([answer.status, id], body).toEqual([500, expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    expect(body).toContain(id);
    expect(body.replaceAll(id, '')).not.toMatch(/select|insert|relation|does not exist|params|[0-9a-f]{8}-[0-9a-f]{4}/i);
    expect(body).not.toContain(member.id);
    expect(logged.filter((line) => line.includes(id) && /"err"|relation|does not exist/.test(line)).length, body).toBeGreaterThan(0);
  }
});
