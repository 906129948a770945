import type { DoubleChecksView, RunView, WorkOrder } from '@atelier/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { errorOf, type Made, type TestCoordinator, testCoordinator, testModel, workingEdge } from '../coordinator.test-support.ts';

const writer = { ...testModel('writer', ['text-generation']), reproducible: true };
let coordinator: TestCoordinator;

beforeAll(async () => {
  coordinator = await testCoordinator();
});
afterAll(() => coordinator.close());

const answer = (order: WorkOrder, words: string): Made => ({ port: 'text', mediaType: 'text/plain', bytes: Buffer.from(`${words} ${order.parameters.seed}`) });

async function asOwner<T>(path: string, call: { method?: string; body?: unknown } = {}): Promise<T> {
  const response = await coordinator.call(path, { token: coordinator.ownerToken, ...call });
  expect(response.ok).toBe(true);
  return (await response.json()) as T;
}
const view = () => asOwner<DoubleChecksView>('/api/double-checks');

async function write(seed: number, edge?: string): Promise<RunView> {
  const step = { task: 'text-generation', parameters: { seed }, ...(edge && { edge }) };
  const { id } = await asOwner<RunView>('/api/runs', { body: { chain: { steps: [step] }, inputs: { prompt: { text: 'truth' } } } });
  // Asked until it is so; vitest's own deadline ends it otherwise.
  for (;;) {
    const run = await asOwner<RunView>(`/api/runs/${id}`);
    if (['succeeded', 'failed'].includes(run.state)) return run;
  }
}

test('an edge that answers wrongly is found, what it made answers nobody, and with its revocation that is over', async () => {
  const seen: string[] = [];
  const working = (words: string) =>
    workingEdge(coordinator, [writer], (order) => {
      seen.push(words);
      return answer(order, words);
    });
  const [honest, liar] = [await working('true'), await working('false')];
  expect((await asOwner<DoubleChecksView>('/api/double-checks', { method: 'PUT', body: { percent: 100 } })).percent).toBe(100);
  const first = await write(1, liar.id);
  while ((await view()).open === 0);
  const { disagreements } = await view();
  expect([seen, disagreements]).toMatchObject([
    ['false', 'true'],
    [{ maker: { edgeId: liar.id }, checker: { edgeId: honest.id }, runId: first.id, modelId: 'writer' }],
  ]);
  const { token } = await coordinator.person('member');
  expect(await errorOf(await coordinator.call('/api/double-checks', { token }))).toMatchObject({ code: 'forbidden' });
  await asOwner('/api/double-checks', { method: 'PUT', body: { percent: 0 } });
  expect((await write(1, liar.id)).steps[0]?.cached).toBe(0);
  await asOwner(`/api/edges/${liar.id}`, { method: 'DELETE' });
  expect((await view()).disagreements).toEqual([]);
  const right = await write(1);
  expect([right.steps[0]?.cached, right.steps[0]?.offer?.edgeId, (await write(1)).steps[0]?.cached]).toEqual([0, honest.id, 1]);
  await honest.close();
});

test('a share is a number from 0 to 100', async () => {
  for (const percent of [-1, 101, 'all']) {
    const response = await coordinator.call('/api/double-checks', { method: 'PUT', token: coordinator.ownerToken, body: { percent } });
    expect([response.status, (await errorOf(response)).code]).toEqual([400, 'invalid-input']);
  }
});
