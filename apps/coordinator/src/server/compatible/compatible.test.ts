import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodePng } from '@atelier/media';
import type { WorkOrder } from '@atelier/protocol';
import OpenAI, { toFile } from 'openai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Made, type SocketEdge, type TestCoordinator, testCoordinator, testModel, workingEdge } from '../coordinator-for-tests.ts';

let coordinator: TestCoordinator;
let edge: SocketEdge;
let client: OpenAI;
const orders: WorkOrder[] = [];
const speech = join(import.meta.dirname, '../../../../../examples/audio/jfk.wav');
const models = [testModel('writer', ['text-generation']), testModel('painter', ['text-to-image']), testModel('listener', ['automatic-speech-recognition'])];

/** Answers as the starter models would, without them. */
async function work(order: WorkOrder, self: SocketEdge): Promise<Made> {
  orders.push(order);
  if (order.task === 'text-to-image') {
    const bytes = await encodePng({ width: 8, height: 8, data: new Uint8Array(192).fill(Number(order.parameters.seed ?? 0) % 256) });
    return { port: 'image', mediaType: 'image/png', bytes };
  }
  if (order.task === 'automatic-speech-recognition') return { port: 'text', mediaType: 'text/plain', bytes: Buffer.from(' And so, my fellow Americans.') };
  const { attemptId, fence } = order;
  for (const delta of ['Good ', 'morning', '.']) self.send({ kind: 'text', attemptId, fence, delta });
  return { port: 'text', mediaType: 'text/plain', bytes: Buffer.from('Good morning.') };
}

beforeAll(async () => {
  coordinator = await testCoordinator();
  edge = await workingEdge(coordinator, models, work);
  const { token } = await coordinator.person('member');
  client = new OpenAI({ baseURL: `${coordinator.url}/v1`, apiKey: token, maxRetries: 0 });
});
afterAll(async () => {
  await edge.close();
  await coordinator.close();
});

test('models lists those that some edge offers', async () => {
  const { data } = await client.models.list();
  expect(data.map((model) => model.id)).toEqual(['auto', 'listener', 'painter', 'writer']);
  expect((await client.models.retrieve('writer')).id).toBe('writer');
});

test('chat goes to text-generation as a chat with all its messages', async () => {
  const messages = [
    { role: 'system', content: 'Be short.' },
    { role: 'user', content: 'Greet me.' },
  ] as const;
  const answer = await client.chat.completions.create({ model: 'auto', messages: [...messages], max_tokens: 32, temperature: 0.5, stop: 'END', seed: 7 });
  expect(answer.choices[0]?.message.content).toBe('Good morning.');
  expect(answer.usage?.total_tokens).toBeGreaterThan(5);
  const { parameters, inputs, task } = orders.at(-1) as WorkOrder;
  expect(task).toBe('text-generation');
  expect(parameters).toMatchObject({ instruction: 'chat', maxTokens: 32, temperature: 0.5, stop: ['END'], seed: 7 });
  expect(inputs[0]).toMatchObject({ port: 'prompt', mediaType: 'application/json' });
});

test('a streamed chat adds up to the whole answer', async () => {
  const stream = await client.chat.completions.create({
    model: 'writer',
    messages: [{ role: 'user', content: [{ type: 'text', text: 'Greet me.' }] }],
    stream: true,
    stream_options: { include_usage: true },
  });
  let text = '';
  let finish: string | null | undefined;
  let tokens = 0;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? '';
    finish ??= chunk.choices[0]?.finish_reason;
    tokens = chunk.usage?.total_tokens ?? tokens;
  }
  expect(text).toBe('Good morning.');
  expect(finish).toBe('stop');
  expect(tokens).toBeGreaterThan(0);
});

test('pictures come as base64 or as an address, one run for each', async () => {
  const { data } = await client.images.generate({ prompt: 'a red apple', n: 2, size: '512x512', response_format: 'b64_json', model: 'painter' });
  expect(
    data?.map((picture) =>
      Buffer.from(picture.b64_json ?? '', 'base64')
        .subarray(1, 4)
        .toString(),
    ),
  ).toEqual(['PNG', 'PNG']);
  expect(orders.at(-1)?.parameters).toMatchObject({ width: 512, height: 512 });
  const linked = await client.images.generate({ prompt: 'a red apple' });
  const picture = await fetch(linked.data?.[0]?.url ?? '', { headers: { authorization: `Bearer ${client.apiKey}` } });
  expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/png']);
  await picture.body?.cancel();
});

test('a recording is transcribed as json, text and verbose json', async () => {
  const file = async () => toFile(await readFile(speech), 'jfk.wav');
  expect((await client.audio.transcriptions.create({ file: await file(), model: 'auto' })).text).toBe('And so, my fellow Americans.');
  expect(await client.audio.transcriptions.create({ file: await file(), model: 'auto', response_format: 'text' })).toBe('And so, my fellow Americans.\n');
  const verbose = await client.audio.transcriptions.create({ file: await file(), model: 'listener', response_format: 'verbose_json' });
  expect(Number(verbose.duration)).toBeGreaterThan(5);
});

test('errors come in the form that the client knows', async () => {
  const messages = [{ role: 'user', content: 'x' }] as const;
  await expect(client.chat.completions.create({ model: 'gpt-unknown', messages: [...messages] })).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  await expect(client.chat.completions.create({ model: 'auto', messages: [] })).rejects.toBeInstanceOf(OpenAI.BadRequestError);
  await expect(client.images.generate({ prompt: 'x', size: '16x16' as never })).rejects.toMatchObject({ status: 400, code: 'parameter-out-of-bounds' });
  await expect(client.audio.transcriptions.create({ file: await toFile(Buffer.from([0, 1, 2]), 'no.wav'), model: 'auto' })).rejects.toMatchObject({
    status: 415,
  });
  const stranger = new OpenAI({ baseURL: `${coordinator.url}/v1`, apiKey: 'atl_wrong', maxRetries: 0 });
  await expect(stranger.models.list()).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
});
