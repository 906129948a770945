import { EventEmitter, once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type RunEvent, type RunId, watchAliveMs } from '@atelier/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { watchRun } from '../packages/client/src/watch-run.ts';
import { WatchSocket } from '../packages/client/src/watch-socket.ts';
import { cuttingLine } from './support/cutting-line.ts';
import { digestFleet, giveModels } from './support/digest-fleet.ts';
import { residentBytes } from './support/processes.ts';
import { Studio } from './support/studio.ts';
import { toyModel, toyTasks } from './support/toys.ts';

const megabytes = 12;
const silentWatchers = 16;
let studio: Studio;

beforeAll(async () => {
  studio = new Studio({ fleet: digestFleet(['Only'], 1, ['chatter-toy']), tasks: [toyTasks] });
  giveModels(studio, 'Only', [toyModel('chatter')]);
  await studio.start();
  await studio.offered('chatter-toy');
});

afterAll(async () => {
  await studio[Symbol.asyncDispose]();
});

/** Asks for a run's events, and never reads one byte of the answer. */
async function silentSubscriber(runId: RunId): Promise<Socket> {
  const { hostname, port, host } = new URL(studio.url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.pause();
  await once(socket, 'connect');
  socket.on('error', () => socket.destroy());
  socket.write(`GET /api/runs/${runId}/events HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${studio.token}\r\nAccept: text/event-stream\r\n\r\n`);
  return socket;
}

test('watchers that never read stall neither the run nor another watcher, and cost no memory without end', async () => {
  const run = await studio.client.api.runs.create({ chain: 'chatter', inputs: { input: { text: 'quiet' } }, set: { megabytes } });
  const silent = await Promise.all(Array.from({ length: silentWatchers }, () => silentSubscriber(run.id)));
  const before = residentBytes(studio.pid);
  let heard = 0;
  const ended = await studio.ended(run.id, (event: RunEvent) => {
    if (event.kind === 'text') heard += event.delta.length;
  });
  const grown = (residentBytes(studio.pid) - before) / 1024 ** 2;
  console.log(`the other watcher heard ${(heard / 1024 ** 2).toFixed(1)} of ${megabytes} MiB; the coordinator grew by ${grown.toFixed(0)} MiB`);
  expect(ended.state, JSON.stringify(ended.error)).toBe('succeeded');
  // A watcher that reads hears most of it: more than the line to a silent one could hold.
  expect(heard).toBeGreaterThan((megabytes / 2) * 1024 ** 2);
  // What they have not read is as much for each of them.
  expect(grown).toBeLessThan((silentWatchers * megabytes) / 2);
  expect(silent.every((socket) => socket.bytesRead === 0)).toBe(true);
  expect((await studio.client.api.queue()).running).toBe(0);
  // They had been let in, and were sent what fits on the line.
  const answers = await Promise.all(silent.map(async (socket) => (await once(socket.resume(), 'data'))[0] as Buffer));
  for (const answer of answers) expect(answer.toString('latin1')).toMatch(/^HTTP\/1\.1 200 /);
  for (const socket of silent) socket.destroy();
});

test('a page whose line dies without a word notices, dials again when there is a way, and misses nothing', async () => {
  await using line = await cuttingLine(studio.url, {});
  const dials: string[] = [];
  const dial = (url: string) => {
    dials.push(url);
    // Node's own takes headers, where a browser sends its cookie.
    return new WebSocket(url, { headers: { authorization: `Bearer ${studio.token}` } } as never);
  };
  const socket = new WatchSocket(line.url, dial, { openMs: 5_000, silentMs: 3 * watchAliveMs });
  const create = (text: string, size: number) => studio.client.api.runs.create({ chain: 'chatter', inputs: { input: { text } }, set: { megabytes: size } });
  // The one slot is busy, so that nothing is told of the second run for a while.
  const first = await create('talks for long', 100);
  const run = await create('waits', 1);
  const seen: string[] = [];
  const opened = Promise.withResolvers<void>();
  const breaks = new EventEmitter();
  const watching = (async () => {
    for await (const event of watchRun((id, signal) => socket.events(id, signal), run.id, { onReconnect: () => breaks.emit('break') })) {
      seen.push(event.kind);
      opened.resolve();
    }
  })();
  await opened.promise;
  line.swallows = true;
  await once(breaks, 'break');
  // The line takes the new connection and says nothing: it is given up too.
  await once(breaks, 'break');
  expect(dials.length).toBeGreaterThan(1);
  line.swallows = false;
  await studio.client.api.runs.cancel({ id: first.id });
  await watching;
  expect(seen.filter((kind) => kind === 'snapshot').length).toBeGreaterThan(1);
  expect((await studio.client.api.runs.get({ id: run.id })).state).toBe('succeeded');
});
