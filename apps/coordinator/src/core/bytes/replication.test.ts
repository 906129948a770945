import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { testStudio } from '../studio.test-support.ts';

test('a result that the storage refused stays with its edge, and is asked for again while the edge is there', async () => {
  const studio = await testStudio();
  const edge = await studio.addEdge('Holder');
  edge.behave = (order, self) => self.succeed(order, 'worth keeping');
  edge.keepsResults = true;
  const chain = { inputs: {}, steps: [{ id: 'write', task: 'text-generation', parameters: {}, inputs: { prompt: [{ text: 'go' }] } }] };
  const run = await studio.core.runs.create(studio.member, { chain, inputs: {}, set: {}, priority: 0, fresh: false }, {});
  await studio.runUntil(run.id, (view) => view.state === 'succeeded');
  const { hash } = await edge.next('store');
  expect(hash).toBe(createHash('sha256').update('worth keeping').digest('hex'));
  edge.keepsResults = false;
  // As an edge answers whose bytes were refused with a 503.
  await edge.say({ kind: 'stored', hash, error: { code: 'unavailable', message: 'The storage refuses (AccessDenied).' } });
  expect((await edge.next('store', 1)).hash).toBe(hash);
  await studio.core.bytes.ensureStored(hash);
  expect((await buffer(await studio.artifacts.get(hash))).toString()).toBe('worth keeping');
  await edge.disconnect();
  await studio.close();
});

test('a text that came with its result is kept without asking for it, and asked for later if the storage refused it', async () => {
  const studio = await testStudio();
  const edge = await studio.addEdge('Teller');
  const write = async (text: string) => {
    edge.behave = (order, self) => self.succeed(order, text);
    const chain = { inputs: {}, steps: [{ id: 'write', task: 'text-generation', parameters: {}, inputs: { prompt: [{ text: `write: ${text}` }] } }] };
    const { id } = await studio.core.runs.create(studio.member, { chain, inputs: {}, set: {}, priority: 0, fresh: true }, {});
    const run = await studio.runUntil(id, (view) => view.state === 'succeeded');
    return run.steps[0]?.outputs[0]?.hash as string;
  };
  const kept = await write('came along');
  await studio.core.bytes.ensureStored(kept);
  expect((await buffer(await studio.artifacts.get(kept))).toString()).toBe('came along');
  expect(edge.received.filter(({ kind }) => kind === 'store')).toEqual([]);

  const refused = createHash('sha256').update('refused').digest('hex');
  const original = studio.artifacts.put.bind(studio.artifacts);
  let refusals = 0;
  Object.assign(studio.artifacts, {
    put: async (...given: Parameters<typeof original>) => {
      if (given[1]?.expectedHash === refused && refusals++ === 0) throw new Error('The storage refuses.');
      return original(...given);
    },
  });
  expect(await write('refused')).toBe(refused);
  expect((await edge.next('store')).hash).toBe(refused);
  await studio.core.bytes.ensureStored(refused);
  expect([refusals > 0, await studio.artifacts.has(refused)]).toEqual([true, true]);
  await edge.disconnect();
  await studio.close();
});
