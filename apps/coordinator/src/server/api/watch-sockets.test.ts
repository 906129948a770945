import { once } from 'node:events';
import { limits, newId, type RunId, type ToWatcher, watchSocketPath } from '@atelier/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { joinEdge, keepAtWork, openEdge, type SocketEdge, type TestCoordinator, testCoordinator, testModel } from '../coordinator.test-support.ts';

let coordinator: TestCoordinator;
let edge: SocketEdge;

beforeAll(async () => {
  coordinator = await testCoordinator();
  edge = await openEdge(coordinator, await joinEdge(coordinator, 'Slow'), [testModel('slow', ['text-generation'])]);
  keepAtWork(edge);
});
afterAll(async () => {
  await edge.close();
  await coordinator.close();
});

/** Longer than the machine is ever busy with other tests. */

/** A page's socket, and everything that it heard. */
async function dial(token: string) {
  const socket = new WebSocket(`${coordinator.url.replace('http', 'ws')}${watchSocketPath}`, { headers: { authorization: `Bearer ${token}` } });
  const heard: ToWatcher[] = [];
  socket.on('message', (data) => heard.push(JSON.parse(String(data))));
  await once(socket, 'open');
  return { socket, heard, watch: (runId: string) => socket.send(JSON.stringify({ kind: 'watch', runId })) };
}

async function newRun(token: string): Promise<RunId> {
  const body = { chain: 'text-generation', inputs: { input: { text: 'never' } } };
  return ((await (await coordinator.call('/api/runs', { token, body })).json()) as { id: RunId }).id;
}

const kinds = (heard: ToWatcher[], runId: string) =>
  heard.flatMap((one) => {
    if (one.kind === 'alive' || one.runId !== runId) return [];
    return one.kind === 'event' ? one.event.kind : `over ${one.error?.code ?? ''}`;
  });

test('many runs are watched over one socket, each opens with a snapshot, and a run of somebody else is not found', async () => {
  const [mine, other] = [await coordinator.person('member'), await coordinator.person('member')];
  const runs = await Promise.all(Array.from({ length: 9 }, () => newRun(mine.token)));
  const page = await dial(mine.token);
  for (const runId of runs) page.watch(runId);
  await expect.poll(() => runs.map((runId) => kinds(page.heard, runId)[0])).toEqual(runs.map(() => 'snapshot'));
  const foreign = await newRun(other.token);
  page.watch(foreign);
  page.watch(newId());
  page.watch('no id');
  await expect.poll(() => page.heard.filter((one) => one.kind === 'over').map((one) => one.error?.code)).toEqual(['not-found', 'not-found', 'not-found']);
  await coordinator.call(`/api/runs/${runs[3]}/cancel`, { token: mine.token, body: {} });
  await expect.poll(() => kinds(page.heard, runs[3] as string)).toContain('ended');
  expect(kinds(page.heard, foreign)).toEqual(['over not-found']);
  page.socket.close();
});

test('one socket watches no more runs than one person may, and hears which is too much', async () => {
  const { token } = await coordinator.person('member');
  const runs = await Promise.all(Array.from({ length: limits.eventStreamsPerPerson + 1 }, () => newRun(token)));
  const page = await dial(token);
  for (const runId of runs) page.watch(runId);
  await expect.poll(() => runs.every((runId) => kinds(page.heard, runId).length > 0)).toBe(true);
  expect(runs.map((runId) => kinds(page.heard, runId)[0]).filter((kind) => kind !== 'snapshot')).toEqual(['over rate-limited']);
  page.socket.close();
});

test('whoever is not signed in gets no socket, nor does a page of another site', async () => {
  const url = `${coordinator.url.replace('http', 'ws')}${watchSocketPath}`;
  const refused = async (headers: Record<string, string>) => {
    const [error] = (await once(new WebSocket(url, { headers }), 'error')) as [Error];
    return error.message;
  };
  expect(await refused({})).toMatch(/401/);
  expect(await refused({ authorization: `Bearer ${coordinator.ownerToken}`, origin: 'https://elsewhere.example' })).toMatch(/403/);
});

test('watching over sockets counts with event streams: over the bound a run is refused, and leaving makes room', async () => {
  const { token } = await coordinator.person('member');
  const runId = await newRun(token);
  const pages = await Promise.all(Array.from({ length: limits.eventStreamsPerPerson + 1 }, () => dial(token)));
  const last = pages.pop() as (typeof pages)[number];
  for (const page of pages) page.watch(runId);
  await expect.poll(() => pages.every((page) => kinds(page.heard, runId).length > 0)).toBe(true);
  last.watch(runId);
  await expect.poll(() => kinds(last.heard, runId)).toEqual(['over rate-limited']);
  pages[0]?.socket.close();
  await expect
    .poll(() => {
      last.watch(runId);
      return kinds(last.heard, runId).at(-1);
    })
    .toBe('snapshot');
  for (const page of [...pages, last]) page.socket.close();
});

test('a message that is no message, or a long one, ends the socket and nothing else', async () => {
  const { token } = await coordinator.person('member');
  for (const words of ['{', '{"kind":"look","runId":"x"}', '"'.repeat(5_000)]) {
    const page = await dial(token);
    const closed = once(page.socket, 'close');
    page.socket.on('error', () => undefined);
    page.socket.send(words);
    await closed;
  }
  expect((await coordinator.call('/livez', {})).status).toBe(200);
});

test('event streams tell proxies not to buffer them, and connections outlast those of proxies', async () => {
  const { token } = await coordinator.person('member');
  const stop = new AbortController();
  const answer = await fetch(`${coordinator.url}/api/runs/${await newRun(token)}/events`, {
    headers: { authorization: `Bearer ${token}` },
    signal: stop.signal,
  });
  expect(answer.headers.get('x-accel-buffering')).toBe('no');
  const other = await coordinator.call('/livez', {});
  expect(Number(/timeout=(\d+)/.exec(other.headers.get('keep-alive') ?? '')?.[1])).toBeGreaterThan(75);
  stop.abort();
});

test('a page hears at once, and again and again, that the studio is there', async () => {
  const { token } = await coordinator.person('member');
  const page = await dial(token);
  await expect.poll(() => page.heard.filter(({ kind }) => kind === 'alive').length, { timeout: 60_000 }).toBeGreaterThan(1);
  page.socket.close();
});
