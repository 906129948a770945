import { newId, type ShardView, type StepView } from '@atelier/protocol';
import { expect, test } from 'vitest';
import { cacheLine, machinesOf, ShardProgress } from './shard-progress.ts';

const [desk, laptop] = ['desk', 'laptop'].map((edgeName) => ({ edgeId: newId(0), edgeName, modelId: 'starter', modelName: 'starter' })) as never as [
  StepView['sharing'][number],
  StepView['sharing'][number],
];

function shard(index: number, state: ShardView['state'], edgeId: ShardView['edgeId'] = null): ShardView {
  return { index, state, edgeId, outputId: null };
}

function walk(each: readonly ShardView[], cached = 0): StepView {
  const done = each.filter(({ state }) => state === 'succeeded').length;
  const shards = { total: each.length, done, each: [...each] };
  return {
    id: 'walk',
    task: 'latent-walk',
    state: 'running',
    parameters: {},
    offer: desk,
    prediction: null,
    sharing: [desk, laptop],
    shards,
    cached,
    attempts: [],
    outputs: [],
    reused: false,
    startedAt: null,
    endedAt: null,
    error: null,
    notice: null,
  };
}

test('frames of the cache count as done, but not for the speed', () => {
  let now = 0;
  const waiting = Array.from({ length: 8 }, (_, index) => shard(index, index < 2 ? 'succeeded' : 'waiting'));
  const progress = new ShardProgress(walk(waiting), () => now);
  expect(progress.tell()).toEqual({ fraction: 0.25, message: '2 of 8 frames, 2 from the cache' });
  progress.takeShard({ shard: shard(2, 'running', desk.edgeId), total: 8 });
  progress.takeShard({ shard: shard(3, 'running', laptop.edgeId), total: 8 });
  expect(progress.tell().message).toBe('2 of 8 frames, on desk and laptop, 2 from the cache');
  now = 3000;
  progress.takeShard({ shard: shard(2, 'succeeded', desk.edgeId), total: 8 });
  progress.takeShard({ shard: shard(3, 'succeeded', laptop.edgeId), total: 8 });
  expect(progress.tell()).toEqual({ fraction: 0.5, message: '4 of 8 frames, about 6.0 s left, 2 from the cache' });
});

test('who joins a run that is half done is told nothing of the speed before it was seen', () => {
  const each = [shard(0, 'succeeded', desk.edgeId), shard(1, 'succeeded', desk.edgeId), shard(2, 'running', desk.edgeId), shard(3, 'waiting')];
  expect(new ShardProgress(walk(each), () => 0).tell().message).toBe('2 of 4 frames, on desk');
});

test('machines are those that computed something, and the cache is told apart', () => {
  const each = [shard(0, 'succeeded', laptop.edgeId), shard(1, 'succeeded')];
  expect(machinesOf(walk(each, 1))).toBe('laptop');
  expect(cacheLine(walk(each, 1))).toBe('1 of 2 frames from the cache');
  expect(cacheLine(walk(each, 2))).toBe('all 2 frames from the cache');
  expect(cacheLine({ ...walk(each, 1), shards: null })).toBe('from the cache');
  expect(cacheLine(walk(each))).toBeUndefined();
});
