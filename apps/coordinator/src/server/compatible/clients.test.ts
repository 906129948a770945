import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { encodePng, encodeTransparentPng, readPicture } from '@atelier/media';
import type { TextUsage, WorkOrder } from '@atelier/protocol';
import OpenAI, { APIError, toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Made, type SocketEdge, type TestCoordinator, testCoordinator, testModel, workingEdge } from '../coordinator.test-support.ts';
import { type ClientCase, clientCases, untriedFields } from './client-cases.test-support.ts';

/** What OpenAI's own clients make of each field of the table in docs/reference/openai.md. */
let coordinator: TestCoordinator;
let edge: SocketEdge;
let folder: string;
let client: OpenAI;
const painter = { ...testModel('painter', ['text-to-image', 'image-to-image', 'inpainting']), pictureSide: 128 };
// Slow by what it says of itself, so that nobody who leaves the choice gets it.
const failing = { ...testModel('failing', ['text-generation']), prior: { loadSeconds: 1000, runSeconds: 1000 } };
const models = [testModel('writer', ['text-generation']), failing, painter];

async function work(order: WorkOrder, self: SocketEdge): Promise<Made[]> {
  const { parameters, attemptId, fence } = order;
  if (order.task !== 'text-generation') return [await draw(parameters)];
  const whole = writing(parameters);
  const pieces = whole.split(/(?<= )/);
  if (order.modelId === 'failing') {
    self.send({ kind: 'text', attemptId, fence, delta: 'Good ' });
    self.send({ kind: 'failure', attemptId, fence, error: { code: 'invalid-input', message: 'It broke in its middle.' }, log: '' });
    return new Promise(() => undefined);
  }
  for (const delta of pieces) self.send({ kind: 'text', attemptId, fence, delta });
  const most = Number(parameters.maxTokens);
  const usage: TextUsage = { promptTokens: 9, completionTokens: Math.min(3, most), finish: most < 3 ? 'length' : 'stop' };
  return [
    { port: 'usage', mediaType: 'application/json', bytes: Buffer.from(JSON.stringify(usage)) },
    { port: 'text', mediaType: 'text/plain', bytes: Buffer.from(whole) },
  ];
}

function writing({ instruction, format, schema }: Record<string, unknown>): string {
  if (format === 'json') return schema === undefined ? '{"fruit":"any"}' : JSON.stringify({ fruit: JSON.parse(String(schema)).properties.fruit.enum[0] });
  return instruction === 'continue' ? ' morning.' : 'Good morning.';
}

async function draw({ width, height, seed }: Record<string, unknown>): Promise<Made> {
  const size = { width: Number(width ?? 128), height: Number(height ?? 128) };
  const data = new Uint8Array(3 * size.width * size.height).fill(Number(seed ?? 0) % 256);
  return { port: 'image', mediaType: 'image/png', bytes: await encodePng({ ...size, data }) };
}

beforeAll(async () => {
  coordinator = await testCoordinator();
  edge = await workingEdge(coordinator, models, work);
  const mapped = await coordinator.call('/api/model-aliases/gpt-4o', { method: 'PUT', token: coordinator.ownerToken, body: { modelId: 'writer' } });
  expect(mapped.status).toBe(200);
  client = new OpenAI({ baseURL: `${coordinator.url}/v1`, apiKey: (await coordinator.person('member')).token, maxRetries: 0 });
  folder = await mkdtemp(join(tmpdir(), 'atelier-clients-'));
  const grey = { width: 64, height: 64, data: new Uint8Array(3 * 64 * 64).fill(128) };
  await writeFile(join(folder, 'picture.png'), await encodePng(grey));
  const hole = new Uint8Array(64 * 64).fill(255).fill(0, 0, 64 * 20);
  await writeFile(join(folder, 'hole.png'), await encodeTransparentPng(grey, hole));
  await writeFile(join(folder, 'words.png'), 'no picture at all');
});
afterAll(async () => {
  await edge?.close();
  await coordinator?.close();
  await rm(folder, { recursive: true, force: true });
});

interface Outcome {
  readonly answer?: unknown;
  readonly error?: unknown;
}

function check({ answer, error }: ClientCase, outcome: Outcome | undefined): void {
  if (error !== undefined) expect(outcome?.error, JSON.stringify(outcome)).toEqual(error);
  else {
    expect(outcome?.error).toBeUndefined();
    if (typeof answer === 'object' && answer !== null && 'asymmetricMatch' in answer) expect(outcome?.answer).toEqual(answer);
    else expect(outcome?.answer).toMatchObject(answer as object);
  }
}

test('every field of the table is tried', () => expect(untriedFields()).toEqual([]));

describe('JavaScript', () => {
  async function withFiles(value: unknown): Promise<unknown> {
    if (Array.isArray(value)) return Promise.all(value.map(withFiles));
    const name = typeof value === 'object' && value !== null && 'file' in value ? String(value.file) : undefined;
    return name === undefined ? value : toFile(await readFile(join(folder, name)), name);
  }

  async function eventsOf(stream: AsyncIterable<unknown>): Promise<unknown[]> {
    const events: unknown[] = [];
    for await (const event of stream) events.push(event);
    return events;
  }

  async function outcomeOf({ call, words = [], given, beyond }: ClientCase): Promise<Outcome> {
    const body: Record<string, unknown> = {};
    for (const [name, value] of Object.entries({ ...given, ...beyond })) body[name] = await withFiles(value);
    const path = call.split('.');
    const method = path.pop() as string;
    const owner = path.reduce((at, name) => at[name] as never, client as unknown as Record<string, never>) as Record<
      string,
      (...all: unknown[]) => Promise<unknown>
    >;
    try {
      const answer = await owner[method]?.(...words, ...(given ? [body] : []));
      return { answer: given?.stream === true ? await eventsOf(answer as AsyncIterable<unknown>) : JSON.parse(JSON.stringify(answer)) };
    } catch (error) {
      if (!(error instanceof APIError)) throw error;
      return { error: { status: error.status, code: error.code, param: error.param } };
    }
  }

  test.each(clientCases)('$name', async (one) => check(one, await outcomeOf(one)));
});

const python = pythonWithOpenai();
describe.skipIf('skipped' in python)(`Python${'skipped' in python ? ` (skipped: ${python.skipped})` : ''}`, () => {
  const outcomes: Outcome[] = [];
  beforeAll(async () => {
    const program = join(import.meta.dirname, 'openai-client.test-support.py');
    const child = spawn('path' in python ? python.path : '', ['-W', 'ignore::DeprecationWarning', program, client.baseURL, client.apiKey ?? '', folder], {
      stdio: 'pipe',
    });
    const told = Promise.all([text(child.stdout), text(child.stderr)]);
    child.stdin.end(JSON.stringify(clientCases.map(({ call, words, given, beyond }) => ({ call, words, given, beyond }))));
    const [answers, errors] = await told;
    expect(errors).toBe('');
    outcomes.push(...JSON.parse(answers));
  });

  test.each(clientCases.map((one, index) => ({ ...one, index })))('$name', ({ index, ...one }) => check(one, outcomes[index]));
});

/** A Python with OpenAI's client: this machine's own, or one made for the test in a folder that is kept. */
function pythonWithOpenai(): { path: string } | { skipped: string } {
  const has = (path: string) => spawnSync(path, ['-c', 'import openai']).status === 0;
  if (has('python3')) return { path: 'python3' };
  const kept = process.env.ATELIER_TEST_PYTHON;
  if (!kept) return { skipped: 'python3 has no openai; with ATELIER_TEST_PYTHON=FOLDER it is installed there' };
  const own = join(kept, 'openai', 'bin', 'python3');
  if (!has(own)) {
    mkdirSync(kept, { recursive: true });
    spawnSync('python3', ['-m', 'venv', join(kept, 'openai')]);
    spawnSync(own, ['-m', 'pip', 'install', '--quiet', 'openai==3.57.0']);
  }
  return has(own) ? { path: own } : { skipped: 'the client could not be installed' };
}

test('a picture has the size that was asked for, and a header says how it was drawn; fields that changed nothing are named', async () => {
  const body = { prompt: 'a red apple', size: '1536x1024', response_format: 'b64_json', quality: 'hd', colour: 'red' };
  const answer = await coordinator.call('/v1/images/generations', { token: client.apiKey ?? '', body });
  expect(answer.headers.get('x-atelier-drawn-size')).toBe('160x104');
  expect(answer.headers.get('x-atelier-ignored')).toBe('quality, colour');
  const { data } = (await answer.json()) as { data: { b64_json: string }[] };
  expect(await readPicture(Buffer.from(data[0]?.b64_json ?? '', 'base64'))).toMatchObject({ width: 1536, height: 1024 });
});

test('the bytes of a stream end with [DONE], and with an error if it breaks', async () => {
  const stream = async (model: string) => {
    const body = { model, stream: true, messages: [{ role: 'user', content: 'Greet me.' }] };
    return (await (await coordinator.call('/v1/chat/completions', { token: client.apiKey ?? '', body })).text()).trimEnd().split('\n\n').at(-1);
  };
  expect(await stream('writer')).toBe('data: [DONE]');
  expect(await stream('failing')).toMatch(/^data: {"error":{"message":"It broke in its middle\./);
});
