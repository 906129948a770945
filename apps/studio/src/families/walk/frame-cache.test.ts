import { expect, test } from 'vitest';
import { FrameCache } from './frame-cache.ts';

/** Pictures of 100 bytes that come when they are let. */
function station(byteLimit: number) {
  const asked: string[] = [];
  const closed: string[] = [];
  const waiting = new Map<string, PromiseWithResolvers<void>>();
  const came: Array<() => void> = [];
  const cache = new FrameCache({
    byteLimit,
    atOnce: 2,
    onLoad: () => came.shift()?.(),
    load: async (id) => {
      asked.push(id);
      const gate = Promise.withResolvers<void>();
      waiting.set(id, gate);
      await gate.promise;
      return { width: 5, height: 5, close: () => closed.push(id) };
    },
  });
  const next = () => new Promise<void>((resolve) => came.push(resolve));
  const arrive = async (id: string) => {
    const arrived = next();
    waiting.get(id)?.resolve();
    await arrived;
  };
  const fail = async (id: string) => {
    const arrived = next();
    waiting.get(id)?.reject(new Error('gone'));
    await arrived;
  };
  return { cache, asked, closed, arrive, fail };
}

test('only so many are fetched at once, in the order in which they are wanted, and none that is wanted no longer', async () => {
  const { cache, asked, arrive } = station(1000);
  cache.want(['a', 'b', 'c', 'd', 'a']);
  expect(asked).toEqual(['a', 'b']);
  cache.want(['d', 'e']);
  await arrive('a');
  expect(asked).toEqual(['a', 'b', 'd']);
  await arrive('b');
  expect(asked).toEqual(['a', 'b', 'd', 'e']);
});

test('it never holds more bytes than it may, and lets go of what was longest not shown', async () => {
  const { cache, closed, arrive } = station(300);
  for (const id of ['a', 'b', 'c']) {
    cache.want([id]);
    await arrive(id);
  }
  cache.get('a');
  cache.want(['d']);
  await arrive('d');
  expect([cache.bytes, closed]).toEqual([300, ['b']]);
  expect(['a', 'b', 'c', 'd'].map((id) => cache.has(id))).toEqual([true, false, true, true]);
});

test('a frame that cannot be had is asked for three times and holds back no other', async () => {
  const { cache, asked, fail, arrive } = station(300);
  cache.want(['bad', 'good']);
  await arrive('good');
  for (const _ of [1, 2, 3]) await fail('bad');
  expect(asked.filter((id) => id === 'bad')).toHaveLength(3);
});

test('after it is closed nothing is held, and what still comes is let go', async () => {
  const { cache, closed, arrive } = station(300);
  cache.want(['a', 'b']);
  await arrive('a');
  cache.close();
  expect([cache.bytes, closed]).toEqual([0, ['a']]);
});
