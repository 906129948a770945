import { encodePng } from '@atelier/media';
import type { WorkOrder } from '@atelier/protocol';
import OpenAI from 'openai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { errorOf, type Made, type SocketEdge, type TestCoordinator, testCoordinator, testModel, workingEdge } from '../coordinator.test-support.ts';

let coordinator: TestCoordinator;
let edge: SocketEdge;
let client: OpenAI;
const orders: WorkOrder[] = [];
const models = [testModel('writer', ['text-generation']), { ...testModel('painter', ['text-to-image']), pictureSide: 128 }];

async function work(order: WorkOrder): Promise<Made> {
  orders.push(order);
  if (order.task !== 'text-to-image') return { port: 'text', mediaType: 'text/plain', bytes: Buffer.from('Good morning.') };
  const bytes = await encodePng({ width: 8, height: 8, data: new Uint8Array(192).fill(Number(order.parameters.seed ?? 0) % 256) });
  return { port: 'image', mediaType: 'image/png', bytes };
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

const seeds = () => orders.map(({ parameters }) => parameters.seed).sort();
const greet = { messages: [{ role: 'user' as const, content: 'Greet me.' }] };

test('each answer of a chat is a step of its own, with the parameters of the request, clamped tokens and its own seed', async () => {
  orders.length = 0;
  await client.chat.completions.create({ ...greet, model: 'auto', n: 2, max_tokens: 1_000_000, temperature: 0.5, top_p: 0.5, stop: 'END', seed: 7 });
  expect(seeds()).toEqual([7, 8]);
  const { parameters, inputs, task } = orders[0] as WorkOrder;
  expect(task).toBe('text-generation');
  expect(parameters).toMatchObject({ instruction: 'chat', maxTokens: 8192, temperature: 0.5, topP: 0.5, stop: ['END'] });
  expect(inputs[0]).toMatchObject({ port: 'prompt', mediaType: 'application/json' });
});

test('a model whose driver counts no tokens gives no usage, rather than a guess', async () => {
  expect((await client.chat.completions.create({ ...greet, model: 'writer' })).usage).toBeUndefined();
});

test('each picture is a run of its own, drawn near the size that its model was trained for', async () => {
  orders.length = 0;
  await client.images.generate({ prompt: 'a red apple', n: 2, size: '1536x1024', response_format: 'b64_json', model: 'painter', ...{ seed: 2 ** 32 - 1 } });
  expect(seeds()).toEqual([0, 2 ** 32 - 1]);
  expect(orders[0]?.parameters).toMatchObject({ width: 160, height: 104 });
});

test('an address of a picture leads to it', async () => {
  const linked = await client.images.generate({ prompt: 'a red apple' });
  const picture = await fetch(linked.data?.[0]?.url ?? '', { headers: { authorization: `Bearer ${client.apiKey}` } });
  expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/png']);
  await picture.body?.cancel();
});

test('only the owner maps names, to models that there are, and never over the name of a model', async () => {
  const map = (name: string, modelId: string, token = coordinator.ownerToken) =>
    coordinator.call(`/api/model-aliases/${name}`, { method: 'PUT', token, body: { modelId } });
  expect((await map('gpt-9', 'writer', client.apiKey as string)).status).toBe(403);
  expect(await errorOf(await map('gpt-9', 'nothing'))).toMatchObject({ code: 'unknown-model' });
  expect(await errorOf(await map('writer', 'painter'))).toMatchObject({ code: 'conflict' });
  expect((await map('gpt-9', 'writer')).status).toBe(200);
  expect((await client.chat.completions.create({ ...greet, model: 'gpt-9' })).choices[0]?.message.content).toBe('Good morning.');
  await coordinator.call('/api/model-aliases/gpt-9', { method: 'DELETE', token: coordinator.ownerToken });
  await expect(client.chat.completions.create({ ...greet, model: 'gpt-9' })).rejects.toMatchObject({
    status: 404,
    message: expect.stringContaining('auto, painter, writer'),
  });
});

test('a name that is no model is refused before a stream begins', async () => {
  await expect(client.chat.completions.create({ ...greet, model: 'gpt-9', stream: true })).rejects.toBeInstanceOf(OpenAI.NotFoundError);
});

test('a stranger is refused in the form that the client knows', async () => {
  const stranger = new OpenAI({ baseURL: `${coordinator.url}/v1`, apiKey: 'atl_wrong', maxRetries: 0 });
  await expect(stranger.models.list()).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
});
