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

test('a text that came with its result stands in the database: it is asked of no edge, and can be read after its edge is gone', async () => {
  const studio = await testStudio();
  const edge = await studio.addEdge('Teller');
  const write = async (text: string) => {
    edge.behave = (order, self) => self.succeed(order, text);
    const chain = {
      inputs: {},
      steps: [{ id: 'write', task: 'text-generation', parameters: {}, inputs: { prompt: [{ text: `write ${text.length} letters` }] } }],
    };
    const { id } = await studio.core.runs.create(studio.member, { chain, inputs: {}, set: {}, priority: 0, fresh: true }, {});
    const run = await studio.runUntil(id, (view) => view.state === 'succeeded');
    return run.steps[0]?.outputs[0]?.hash as string;
  };
  const kept = await write('came along');
  // A character that PostgreSQL cannot keep: such a text is copied from its edge, as all that is no short text.
  const outside = await write('zero \0 inside');
  expect((await edge.next('store')).hash).toBe(outside);
  await studio.core.bytes.ensureStored(outside);
  await edge.disconnect();
  expect(await studio.artifacts.has(kept)).toBe(false);
  await Promise.all([studio.core.bytes.ensureStored(kept), studio.core.bytes.ensureStored(kept)]);
  expect((await buffer(await studio.artifacts.get(kept))).toString()).toBe('came along');
  expect((await buffer(await studio.artifacts.get(outside))).toString()).toBe('zero \0 inside');
  expect(edge.received.flatMap((message) => (message.kind === 'store' ? [message.hash] : []))).toEqual([outside]);
  await studio.close();
});
