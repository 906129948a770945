import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { RunView, StepView } from '@atelier/protocol';
import { seeded } from '@atelier/seeded';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { slowModel } from './models/slow-shards.ts';
import { giveModels } from './support/digest-fleet.ts';
import { Studio, temporaryFolder } from './support/studio.ts';
import { openStudioDatabase } from './support/studio-database.ts';

const random = seeded('shards');
const edges = ['North', 'South', 'West'];
let studio: Studio;

beforeAll(async () => {
  const fleet = path.join(temporaryFolder('fleet'), 'fleet.yaml');
  writeFileSync(fleet, JSON.stringify({ edges: edges.map((name) => ({ name, models: ['slow'] })) }));
  studio = new Studio({ fleet, tasks: [path.resolve(import.meta.dirname, 'models/slow-shards.ts')] });
  for (const name of edges) giveModels(studio, name, [slowModel]);
  await studio.start();
  await studio.offered('slow', 3);
});

afterAll(async () => {
  await studio?.[Symbol.asyncDispose]();
});

let mark = 0;
async function start(count: number, milliseconds: number, more: { mark?: string; fresh?: boolean } = {}) {
  mark += 1;
  return studio.client.api.runs.create({
    chain: { steps: [{ task: 'slow-shards', parameters: { count, milliseconds, mark: more.mark ?? ` ${mark} ${random.next()}` } }] },
    inputs: { text: { text: 'go' } },
    fresh: more.fresh ?? false,
  });
}

const stepOf = (run: RunView) => run.steps[0] as StepView;

/** Every shard has its one result, in order. */
async function expectWhole(run: RunView, count: number): Promise<void> {
  expect(run.state, JSON.stringify(run.error)).toBe('succeeded');
  const { outputs, shards } = stepOf(run);
  expect(outputs.map(({ index }) => index)).toEqual(Array.from({ length: count }, (_, index) => index));
  expect(shards?.each.every(({ state }) => state === 'succeeded')).toBe(true);
  for (const at of [0, count - 1]) {
    const text = await (await studio.client.download(outputs[at]?.id as never)).text();
    expect(text.startsWith(`part ${at} `)).toBe(true);
  }
}

const lost = (run: RunView) => stepOf(run).attempts.filter(({ state }) => state === 'lost' || state === 'failed');

/** How many attempts of a run computed something to its end, from the rows themselves: the view leaves them out. */
async function computed(run: RunView): Promise<number> {
  const database = await openStudioDatabase(studio);
  const { rows } = await database.pool.query("SELECT count(*)::int AS count FROM attempts WHERE run_id = $1 AND state = 'succeeded'", [run.id]);
  await database.close();
  return rows[0].count;
}

test('all edges share a step, and each makes some of it', async () => {
  const run = await start(36, 60);
  const ended = await studio.ended(run.id);
  await expectWhole(ended, 36);
  const makers = new Set(stepOf(ended).shards?.each.map(({ edgeId }) => edgeId));
  expect(makers.size).toBe(3);
  expect(stepOf(ended).sharing).toHaveLength(3);
});

test('shards begin coarse to fine', async () => {
  const begun: number[] = [];
  const run = await start(33, 60);
  const ended = await studio.ended(run.id, (event) => {
    if (event.kind === 'shard' && event.shard.state === 'succeeded') begun.push(event.shard.index);
  });
  await expectWhole(ended, 33);
  // Three edges of one slot, each with one shard ahead: the first nine to end are among the first coarse levels.
  const early = begun.slice(0, 5).sort((a, b) => a - b);
  expect(begun.length, 'the stream told of each shard').toBeGreaterThan(20);
  expect(
    early.every((index) => index % 4 === 0),
    `first were ${early.join(', ')}`,
  ).toBe(true);
});

test('kill -9 of an edge in mid-walk costs what it had at work, and no other shard is done twice', async () => {
  const run = await start(48, 120);
  let killed: string | undefined;
  const ended = await studio.ended(run.id, (event) => {
    if (event.kind !== 'shard' || event.done < 12 || killed) return;
    const running = event.shard.edgeId;
    if (!running) return;
    killed = running;
    void studio.client.api.edges.list().then((all) => process.kill(studio.edge(all.find(({ id }) => id === running)?.name as string).pid, 'SIGKILL'));
  });
  expect(killed).toBeDefined();
  await expectWhole(ended, 48);
  expect(lost(ended).length).toBeLessThanOrEqual(2);
  expect(await computed(ended)).toBe(48);
  await studio.offered('slow', 3);
});

test('after a kill -9 of the coordinator only what was missing is computed', async () => {
  const run = await start(48, 120);
  let done = 0;
  for await (const event of studio.client.watchRun(run.id)) {
    if (event.kind === 'shard') done = event.done;
    if (done >= 16) break;
  }
  await studio.kill();
  await studio.start();
  const ended = await studio.ended(run.id);
  await expectWhole(ended, 48);
  expect(lost(ended).length).toBeLessThanOrEqual(6);
  expect(await computed(ended)).toBe(48);
});

test('the same again is answered by the cache; with --fresh it is computed', async () => {
  const same = `same ${random.next()}`;
  const first = await studio.ended((await start(12, 30, { mark: same })).id);
  expect(stepOf(first).cached).toBe(0);
  const again = await start(12, 30, { mark: same });
  expect(again.state).toBe('succeeded');
  expect(stepOf(again).cached).toBe(12);
  expect(stepOf(again).outputs.map(({ hash }) => hash)).toEqual(stepOf(first).outputs.map(({ hash }) => hash));
  const longer = await studio.ended((await start(24, 30, { mark: same })).id);
  expect(stepOf(longer).cached).toBe(12);
  expect(await computed(longer)).toBe(12);
  const fresh = await studio.ended((await start(12, 30, { mark: same, fresh: true })).id);
  expect(stepOf(fresh).cached).toBe(0);
});
