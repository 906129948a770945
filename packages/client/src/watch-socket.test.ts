import { AtelierError, newId, type RunEvent, type RunId, type ToWatcher } from '@atelier/protocol';
import { expect, test } from 'vitest';
import { isUnanswered } from './errors.ts';
import { WatchSocket, type WatchTimes } from './watch-socket.ts';

/** The other end of a socket: what was said to it, and a way to answer. */
class OtherEnd extends EventTarget {
  readyState = 0;
  readonly heard: Array<{ kind: string; runId: string }> = [];
  send = (text: string) => void this.heard.push(JSON.parse(text));
  close = () => this.#become(3, new Event('close'));
  open = () => this.#become(1, new Event('open'));
  say = (message: ToWatcher) => this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(message) }));
  #become(state: number, event: Event): void {
    this.readyState = state;
    this.dispatchEvent(event);
  }
}

const setUp = (times?: WatchTimes) => {
  const ends: OtherEnd[] = [];
  const dial = () => {
    const end = new OtherEnd();
    ends.push(end);
    return end as never;
  };
  return { socket: new WatchSocket('http://studio.invalid', dial, times), ends };
};
const ids = [newId<RunId>(1), newId<RunId>(2)] as const;
const text = (delta: string): RunEvent => ({ kind: 'text', stepId: 'a', attemptId: newId(0), delta });
const deltas = async (events: AsyncIterable<RunEvent>) => {
  const seen: string[] = [];
  for await (const event of events) seen.push(event.kind === 'text' ? event.delta : event.kind);
  return seen;
};

test('two runs go over one socket, each to its own reader, and the socket closes behind the last', async () => {
  const { socket, ends } = setUp();
  const opening = Promise.all(ids.map((id) => socket.events(id)));
  ends[0]?.open();
  const [first, second] = (await opening).map(deltas);
  expect(ends).toHaveLength(1);
  expect(ends[0]?.heard).toEqual(ids.map((runId) => ({ kind: 'watch', runId })));
  ends[0]?.say({ kind: 'event', runId: ids[0], event: text('one') });
  ends[0]?.say({ kind: 'event', runId: ids[1], event: text('two') });
  for (const runId of ids) ends[0]?.say({ kind: 'over', runId, error: null });
  expect(await Promise.all([first, second])).toEqual([['one'], ['two']]);
  await expect.poll(() => ends[0]?.readyState).toBe(3);
  const again = socket.events(ids[0]);
  ends[1]?.open();
  await again;
  expect(ends).toHaveLength(2);
});

test('a socket that breaks ends every reader with unavailable, and one that cannot be opened says so at once', async () => {
  const { socket, ends } = setUp();
  const opening = socket.events(ids[0]);
  ends[0]?.open();
  const reading = deltas(await opening);
  ends[0]?.close();
  await expect(reading).rejects.toSatisfy(isUnanswered);
  const barred = socket.events(ids[0]);
  ends[1]?.close();
  await expect(barred).rejects.toMatchObject({ code: 'unavailable' });
});

test('a reader that comes at any moment while the last one leaves is told to the studio, over a socket that stays open', async () => {
  for (const nextRun of ids) {
    for (let microtasks = 0; microtasks < 12; microtasks += 1) {
      const { socket, ends } = setUp();
      const opening = socket.events(ids[0]);
      ends[0]?.open();
      const first = await opening;
      ends[0]?.say({ kind: 'event', runId: ids[0], event: text('one') });
      await first.next();
      const leaving = first.return();
      for (let passed = 0; passed < microtasks; passed += 1) await null;
      const next = socket.events(nextRun);
      await leaving;
      await new Promise(setImmediate);
      const last = ends.at(-1) as OtherEnd;
      if (last.readyState === 0) last.open();
      const second = deltas(await next);
      expect([last.readyState, last.heard.filter(({ runId }) => runId === nextRun).at(-1)?.kind], `after ${microtasks}`).toEqual([1, 'watch']);
      last.say({ kind: 'over', runId: nextRun, error: null });
      expect(await second).toEqual([]);
    }
  }
});

test('a run that may not be seen is refused with the reason of the studio', async () => {
  const { socket, ends } = setUp();
  const opening = socket.events(ids[0]);
  ends[0]?.open();
  const reading = deltas(await opening);
  ends[0]?.say({ kind: 'over', runId: ids[0], error: new AtelierError('not-found', 'There is no such run.').toJSON() });
  await expect(reading).rejects.toMatchObject({ code: 'not-found' });
});

test('what the studio says of a run over the socket is no sign of a studio that is away', async () => {
  const { socket, ends } = setUp();
  const opening = socket.events(ids[0]);
  ends[0]?.open();
  const reading = deltas(await opening);
  ends[0]?.say({ kind: 'over', runId: ids[0], error: new AtelierError('unavailable', 'The database does not answer now.').toJSON() });
  const problem = await reading.catch((thrown: unknown) => thrown);
  expect(problem).toMatchObject({ code: 'unavailable' });
  expect(isUnanswered(problem)).toBe(false);
});

test('a reader that leaves tells the studio, and events of runs that nobody reads are passed over', async () => {
  const { socket, ends } = setUp();
  const stop = new AbortController();
  const opening = Promise.all([socket.events(ids[0], stop.signal), socket.events(ids[1])]);
  ends[0]?.open();
  const reading = deltas((await opening)[0]);
  stop.abort();
  await expect(reading).rejects.toMatchObject({ code: 'cancelled' });
  expect(ends[0]?.heard.at(-1)).toEqual({ kind: 'leave', runId: ids[0] });
  ends[0]?.say({ kind: 'event', runId: ids[0], event: text('late') });
});

test('a socket that never opens is given up, and the next reader dials again', async () => {
  const { socket, ends } = setUp({ openMs: 50, silentMs: 60_000 });
  await expect(socket.events(ids[0])).rejects.toMatchObject({ code: 'unavailable' });
  expect(ends[0]?.readyState).toBe(3);
  const again = socket.events(ids[0]);
  ends[1]?.open();
  await again;
  expect(ends).toHaveLength(2);
});

test('an open socket over which nothing comes any more ends its readers, though it was never closed', async () => {
  const { socket, ends } = setUp({ openMs: 60_000, silentMs: 120 });
  const opening = socket.events(ids[0]);
  ends[0]?.open();
  const reading = deltas(await opening);
  ends[0]?.say({ kind: 'alive' });
  // As on a dead line, where closing is never answered.
  if (ends[0]) ends[0].close = () => undefined;
  await expect(reading).rejects.toMatchObject({ code: 'unavailable' });
  const again = socket.events(ids[0]);
  ends[1]?.open();
  const next = deltas(await again);
  ends[1]?.say({ kind: 'event', runId: ids[0], event: text('one') });
  ends[1]?.say({ kind: 'over', runId: ids[0], error: null });
  expect(await next).toEqual(['one']);
});

test('signs of life keep a quiet socket open', async () => {
  const { socket, ends } = setUp({ openMs: 60_000, silentMs: 2_000 });
  const opening = socket.events(ids[0]);
  ends[0]?.open();
  const reading = deltas(await opening);
  const began = Date.now();
  while (Date.now() - began < 3_000) {
    ends[0]?.say({ kind: 'alive' });
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  ends[0]?.say({ kind: 'over', runId: ids[0], error: null });
  expect(await reading).toEqual([]);
});
