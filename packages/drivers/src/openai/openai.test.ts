import { readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { encodePng } from '@atelier/media';
import { ModelManifest } from '@atelier/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DriverCase, listen, prepareStep, testDriver } from '../conformance.ts';
import type { ModelSource } from '../driver.ts';
import { openai } from './driver.ts';

interface Asked {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

const asked: Asked[] = [];
let answer: 'well' | 401 | 404 | 429 = 'well';
let base = '';
const server = createServer((request, response) => {
  void serve(request, response);
});

/** Speaks the three shapes of OpenAI's API that the driver uses. */
async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = (await buffer(request)).toString('latin1');
  asked.push({ path: request.url ?? '', authorization: request.headers.authorization, body });
  if (answer !== 'well') {
    response.writeHead(answer, { 'content-type': 'application/json' }).end(JSON.stringify({ error: { message: 'No.', type: 'refused' } }));
    return;
  }
  if (request.url === '/v1/chat/completions') {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const content of ['a red ', 'apple', ' on white']) {
      response.write(
        `data: ${JSON.stringify({ id: '1', object: 'chat.completion.chunk', created: 0, model: 'm', choices: [{ index: 0, delta: { content }, finish_reason: null }] })}\n\n`,
      );
    }
    response.write(
      `data: ${JSON.stringify({ id: '1', object: 'chat.completion.chunk', created: 0, model: 'm', choices: [{ index: 0, delta: {}, finish_reason: 'length' }] })}\n\n`,
    );
    response.write(
      `data: ${JSON.stringify({ id: '1', object: 'chat.completion.chunk', created: 0, model: 'm', choices: [], usage: { prompt_tokens: 9, completion_tokens: 5, total_tokens: 14 } })}\n\n`,
    );
    response.end('data: [DONE]\n\n');
  } else if (request.url === '/v1/completions') {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const text of [' and', ' white'])
      response.write(
        `data: ${JSON.stringify({ id: '1', object: 'text_completion', created: 0, model: 'm', choices: [{ index: 0, text, finish_reason: null, logprobs: null }] })}\n\n`,
      );
    response.end('data: [DONE]\n\n');
  } else if (request.url === '/v1/audio/transcriptions') {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ text: ' Hello there. ' }));
  } else {
    const png = await encodePng({ data: new Uint8Array(8 * 8 * 3).fill(200), width: 8, height: 8 });
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ created: 0, data: [{ b64_json: Buffer.from(png).toString('base64') }] }));
  }
}

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const tasks = ['text-generation', 'automatic-speech-recognition', 'text-to-image'];
function source(options: Record<string, unknown> = {}): ModelSource {
  const manifest = {
    id: 'far',
    title: '',
    shortName: 'far',
    summary: '',
    driver: 'openai',
    tasks,
    licence: 'none',
    files: [],
    memoryBytes: 0,
    prior: { loadSeconds: 0, runSeconds: 0 },
  };
  return { manifest: ModelManifest.parse({ ...manifest, options: { baseUrl: base, model: 'm', ...options } }), folder: '/nowhere' };
}

const text: DriverCase = { driver: openai, source, task: 'text-generation', inputs: { prompt: { bytes: 'an apple', mediaType: 'text/plain' } } };
testDriver('openai with text', { ...text, streams: true });
testDriver('openai with speech', {
  streams: true,
  driver: openai,
  source,
  task: 'automatic-speech-recognition',
  inputs: { audio: { bytes: 'RIFF', mediaType: 'audio/wav' } },
});
testDriver('openai with pictures', { driver: openai, source, task: 'text-to-image', inputs: { prompt: { bytes: 'an apple', mediaType: 'text/plain' } } });

async function run(options: Record<string, unknown> = {}, parameters: Record<string, unknown> = {}) {
  const model = await openai.load(source(options), { threads: 1 });
  const told = listen();
  const step = await prepareStep({ ...text, parameters }, told);
  try {
    const result = await model.run(step);
    const usage = result.usage?.[0] && JSON.parse(await readFile(result.usage[0].path, 'utf8'));
    return { text: await readFile(result.text?.[0]?.path ?? '', 'utf8'), told, usage };
  } finally {
    await rm(step.folder, { recursive: true });
  }
}

test('text is streamed, and the parameters arrive under the names of the API', async () => {
  const { text: written, told } = await run({}, { instruction: 'chat', system: 'Be brief.', maxTokens: 7, temperature: 0.5, stop: ['!'], seed: 3 });
  expect(written).toBe('a red apple on white');
  expect(told.texts).toEqual(['a red ', 'apple', ' on white']);
  expect(JSON.parse(asked.at(-1)?.body ?? '')).toMatchObject({
    model: 'm',
    max_tokens: 7,
    temperature: 0.5,
    stop: ['!'],
    seed: 3,
    stream: true,
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'an apple' },
    ],
  });
});

test('what the server counted is told, JSON is asked for with its schema, and a text that is only continued goes to its own route', async () => {
  const { usage } = await run({}, { instruction: 'chat', format: 'json', schema: '{"type":"object"}' });
  expect(usage).toEqual({ promptTokens: 9, completionTokens: 5, finish: 'length' });
  expect(JSON.parse(asked.at(-1)?.body ?? '')).toMatchObject({
    response_format: { type: 'json_schema', json_schema: { schema: { type: 'object' } } },
    stream_options: { include_usage: true },
  });
  const continued = await run({}, { instruction: 'continue', maxTokens: 3 });
  expect(continued).toMatchObject({ text: ' and white', usage: undefined });
  expect(asked.at(-1)).toMatchObject({ path: '/v1/completions', body: expect.stringContaining('"prompt":"an apple"') });
});

test("the key comes from the edge's environment, and nothing is sent where it is missing", async () => {
  process.env.ATELIER_TEST_KEY = 'secret-1';
  await run({ apiKeyEnv: 'ATELIER_TEST_KEY' });
  expect(asked.at(-1)?.authorization).toBe('Bearer secret-1');
  delete process.env.ATELIER_TEST_KEY;
  const before = asked.length;
  await expect(run({ apiKeyEnv: 'ATELIER_TEST_KEY' })).rejects.toMatchObject({ code: 'invalid-input', message: expect.stringContaining('ATELIER_TEST_KEY') });
  expect(asked.length).toBe(before);
});

test.each([
  [401, 'step-failed', 'apiKeyEnv'],
  [404, 'step-failed', '"m"'],
  [429, 'rate-limited', 'Wait'],
] as const)('an answer of %d is explained', async (status, code, hint) => {
  answer = status;
  try {
    await expect(run()).rejects.toMatchObject({ code, hint: expect.stringContaining(hint) });
  } finally {
    answer = 'well';
  }
});

test('a server that is not there is named, with what to look at', async () => {
  await expect(run({ baseUrl: 'http://127.0.0.1:9/v1' })).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('127.0.0.1:9') });
});
