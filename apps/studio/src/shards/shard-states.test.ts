import type { StepView } from '@atelier/protocol';
import { expect, test } from 'vitest';
import { countStates, previewsOf, type Shard, shardsOf, sharesOf } from './shard-states.ts';

const made = (edgeId: string | null, state: Shard['state']): Shard => ({ state, edgeId, outputId: null });

test('a shard without a machine came from the cache, and a step taken over has its results for shards', () => {
  const each = [
    { index: 0, state: 'succeeded', edgeId: null, outputId: 'a' },
    { index: 1, state: 'succeeded', edgeId: 'e1', outputId: 'b' },
    { index: 2, state: 'failed', edgeId: 'e1', outputId: null },
  ];
  const step = { shards: { total: 3, done: 2, each }, outputs: [] } as unknown as StepView;
  expect(countStates(shardsOf(step))).toEqual({ waiting: 0, queued: 0, running: 0, done: 1, cached: 1, failed: 1 });
  const taken = { shards: null, outputs: [{ index: 1, id: 'b' }] } as unknown as StepView;
  expect(shardsOf(taken).map(({ outputId }) => outputId)).toEqual([null, 'b']);
  expect(shardsOf(taken, 4).map(({ state }) => state)).toEqual(['waiting', 'cached', 'waiting', 'waiting']);
});

test('shares are of what machines computed, and a machine that only waits stands with 0', () => {
  const sharing = [
    { edgeId: 'e1', edgeName: 'Server10' },
    { edgeId: 'e2', edgeName: 'Server2' },
  ] as StepView['sharing'];
  const shards = [made('e1', 'done'), made(null, 'cached'), made('e1', 'done'), made('e2', 'running')];
  expect(sharesOf({ sharing, attempts: [] }, shards)).toEqual([
    { edgeId: 'e2', name: 'Server2', done: 0, running: 1, part: 0 },
    { edgeId: 'e1', name: 'Server10', done: 2, running: 0, part: 1 },
  ]);
});

test('only shards that have shown something have a preview', () => {
  const live = { fraction: 0.5, message: null, text: null, remainingSeconds: null, heardAt: 0 };
  const previews = previewsOf({ 3: { ...live, preview: 'data:3' }, 5: live } as unknown as Parameters<typeof previewsOf>[0]);
  expect([...previews]).toEqual([[3, 'data:3']]);
});
