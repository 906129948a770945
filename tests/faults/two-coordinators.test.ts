import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { RunEvent, RunId, RunView } from '@atelier/protocol';
import { type Database, type EmbeddedServer, openDatabase, startEmbeddedServer } from '@atelier/store';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { applied, beginCount, counted, counterModel, counterTask, setSize } from '../support/counters.ts';
import { until, within } from '../support/deadline.ts';
import { digestFleet, digestModel, digestOf, giveModels } from '../support/digest-fleet.ts';
import { Studio, temporaryFolder } from '../support/studio.ts';

/** One database, one shared folder for bytes, and two coordinators with a data folder and an edge each. */
let server: EmbeddedServer;
let database: Database;
let rows: Database['pool'];
let east: Studio;
let west: Studio;

const shared = temporaryFolder('shared-bytes');

beforeAll(async () => {
  const folder = temporaryFolder('shared-database');
  chmodSync(folder, 0o711);
  server = await startEmbeddedServer(folder);
  database = await openDatabase({ dataFolder: folder, databaseUrl: server.url });
  rows = database.pool;
  [east, west] = await Promise.all([begin('east'), begin('west')]);
});
afterAll(async () => {
  await Promise.allSettled([east?.[Symbol.asyncDispose](), west?.[Symbol.asyncDispose]()]);
  await database?.close();
  await server?.stop();
});
beforeEach(async () => {
  await Promise.all([offered(east), offered(west)]);
});

/** Each edge has a quick model that both have, a slow one that both have, and one that is only its own. */
async function begin(name: string): Promise<Studio> {
  const models = ['quick', 'slow', name];
  const studio = new Studio({
    fleet: digestFleet([name], 1, [...models, 'counter']),
    tasks: [counterTask],
    arguments: ['--storage', shared],
    environment: { DATABASE_URL: server.url, ATELIER_LOG_LEVEL: 'info' },
  });
  giveModels(studio, name, [digestModel(10, 'quick', 'quick'), digestModel(1_500, 'slow', 'slow'), digestModel(10, name, name), counterModel]);
  await studio.start();
  return studio;
}

/** Waits until a coordinator sees the edges of both. */
async function offered(studio: Studio): Promise<void> {
  await studio.offered('quick', 2);
}

const text = () => randomBytes(8).toString('hex');
/** A chain over models in their order, each of which reads what the one before wrote. */
const over = (models: readonly string[], input: string) => ({
  chain: {
    name: models.join(', '),
    inputs: { text: { modality: 'text' as const } },
    steps: models.map((model, index) => ({
      id: `s${index}`,
      task: 'text-generation',
      model,
      inputs: { prompt: index === 0 ? 'inputs.text' : `s${index - 1}.text` },
    })),
  },
  inputs: { text: { text: input } },
});
const answer = (models: readonly string[], input: string) => models.reduce((read, model) => digestOf(read, model), input);
const hashOf = (written: string) => createHash('sha256').update(written).digest('hex');
const lastOf = (run: RunView) => run.steps.at(-1)?.outputs[0];
const create = (studio: Studio, models: readonly string[], input: string) => studio.client.api.runs.create(over(models, input));

/** Every step has one result, however often it was begun. */
async function committedOnce(runId: RunId): Promise<void> {
  const found = await rows.query('SELECT step_id, shard, count(*)::int AS n FROM outputs WHERE run_id = $1 GROUP BY step_id, shard HAVING count(*) > 1', [
    runId,
  ]);
  expect(found.rows).toEqual([]);
}

/** Watches at one coordinator, from the snapshot to the end. */
function watch(studio: Studio, runId: RunId) {
  const events: RunEvent[] = [];
  const seen = Promise.withResolvers<void>();
  const ended = studio.ended(runId, (event) => {
    events.push(event);
    if (event.kind === 'snapshot') seen.resolve();
  });
  return { events, seen: seen.promise, ended };
}

/** The edge that works on a run, once one does. */
async function workerOf(runId: RunId): Promise<string> {
  const sql = "SELECT e.name FROM attempts a JOIN edges e ON e.id = a.edge_id WHERE a.run_id = $1 AND a.state = 'leased'";
  const name = async () => (await rows.query(sql, [runId])).rows[0]?.name as string | undefined;
  let found = await name();
  await within(
    'work',
    until(async () => {
      found ??= await name();
      return found !== undefined;
    }),
  );
  return found as string;
}

const coordinatorOf = async (edgeName: string) => (await rows.query('SELECT coordinator_id AS id, claim FROM edges WHERE name = $1', [edgeName])).rows[0];
const stateAt = async (studio: Studio, edgeName: string) => (await studio.client.api.edges.list()).find(({ name }) => name === edgeName)?.state;

test('a run goes over the edges of both, and whoever watches at either sees it whole', async () => {
  const models = ['east', 'west', 'east', 'west'];
  const input = text();
  const { id } = await create(east, models, input);
  const [here, there] = [watch(east, id), watch(west, id)];
  const [run, same] = await Promise.all([here.ended, there.ended]);
  expect([run.state, lastOf(run)?.hash]).toEqual(['succeeded', hashOf(answer(models, input))]);
  for (const studio of [east, west]) expect(await (await studio.client.download(lastOf(run)?.id as never)).text()).toBe(answer(models, input));
  expect(same).toEqual(run);
  expect(there.events.at(-1)).toEqual({ kind: 'ended', state: 'succeeded' });
  const edges = run.steps.map((step) => step.attempts.map((attempt) => attempt.edgeName));
  expect(edges).toEqual([['east'], ['west'], ['east'], ['west']]);
  await committedOnce(id);
});

test('somebody who watches at the other coordinator is told of each step that ends', async () => {
  const { id } = await create(east, ['slow', 'east', 'slow'], text());
  const there = watch(west, id);
  await there.ended;
  const succeeded = there.events.filter((event) => event.kind === 'step' && event.step.state === 'succeeded');
  expect(new Set(succeeded.map((event) => event.kind === 'step' && event.step.id))).toEqual(new Set(['s0', 's1', 's2']));
});

test('a run that is cancelled at one coordinator stops on the edge of the other', async () => {
  const { id } = await create(east, ['slow', 'west', 'slow'], text());
  const first = await workerOf(id);
  const [other, holder] = first === 'east' ? [west, east] : [east, west];
  expect((await other.client.api.runs.cancel({ id })).state).toBe('cancelled');
  await expect.poll(() => holder.processes('digest.mjs').length).toBe(0);
  expect((await holder.client.api.runs.get({ id })).state).toBe('cancelled');
});

test('a step on the edge of one coordinator hears what is said at the other, whose watchers see where it took effect', async () => {
  const { id } = await beginCount(east, { iterations: 1_000_000, everyMs: 5 }, { edge: 'west' });
  try {
    await counted(west, id);
    expect((await setSize(east, id, 50)).number).toBe(1);
    await Promise.all([applied(west, id, 1), applied(east, id, 1)]);
  } finally {
    // The slot is free for the tests that follow, whatever came of this one.
    await east.client.api.runs.cancel({ id });
  }
  await Promise.all([east.ended(id), west.ended(id)]);
});

test('who has signed in at one is known at the other: tokens and secrets are the database’s', async () => {
  const read = (studio: Studio, file: string) => readFileSync(path.join(studio.data, file), 'utf8').trim();
  expect(read(west, 'session-secret')).toBe(read(east, 'session-secret'));
  expect(east.token).not.toBe(west.token);
  const list = await fetch(`${west.url}/api/edges`, { headers: { authorization: `Bearer ${east.token}` } });
  expect(list.status).toBe(200);
});

test.each(['east', 'west'] as const)('when %s is killed in the middle of its work, the other ends the run with its own edge', async (name) => {
  const [dying, living] = name === 'east' ? [east, west] : [west, east];
  const models = [name, 'slow', 'slow', 'quick'];
  const input = text();
  const { id } = await create(living, models, input);
  const there = watch(living, id);
  await there.seen;
  // Its bytes are in the storage that both have: what an edge alone has is gone with it, and nobody else has its model.
  const first = "SELECT 1 FROM outputs o JOIN replicas r ON r.hash = o.hash AND r.place = 'coordinator' WHERE o.run_id = $1 AND o.step_id = 's0'";
  await expect.poll(async () => (await rows.query(first, [id])).rowCount).toBe(1);
  await dying.kill();
  const run = await there.ended;
  expect([run.state, lastOf(run)?.hash]).toEqual(['succeeded', hashOf(answer(models, input))]);
  await committedOnce(id);
  await dying.start();
  await offered(dying);
  expect((await dying.client.api.runs.get({ id })).state).toBe('succeeded');
});

test('a run that was created at a coordinator which is killed at once is ended by the other', async () => {
  const models = ['slow', 'quick', 'slow'];
  const input = text();
  const { id } = await create(west, models, input);
  await west.kill();
  const run = await east.ended(id);
  expect([run.state, lastOf(run)?.hash]).toEqual(['succeeded', hashOf(answer(models, input))]);
  await committedOnce(id);
  await west.start();
});

test('an edge that another coordinator claims is given up by the one that had it, which says so, and comes back by itself', async () => {
  const before = await coordinatorOf('east');
  const { rows: others } = await rows.query('SELECT id FROM coordinators WHERE id <> $1 AND alive_until > now()', [before.id]);
  const given = east.logged('an edge has connected to another coordinator; its connection here is closed');
  await rows.query("UPDATE edges SET coordinator_id = $1, claim = claim + 1 WHERE name = 'east'", [others[0].id]);
  await given;
  await expect.poll(async () => (await coordinatorOf('east')).id).toBe(before.id);
  expect((await coordinatorOf('east')).claim).toBeGreaterThan(before.claim + 1);
  await offered(west);
  const run = await west.ended((await create(west, ['east'], text())).id);
  expect(run.state).toBe('succeeded');
});

test('what an owner does with an edge at the other coordinator reaches it', async () => {
  const edge = (await west.client.api.edges.list()).find(({ name }) => name === 'east');
  if (!edge) throw new Error('west does not know east');
  await west.client.api.edges.drain({ id: edge.id, on: true });
  await expect.poll(() => stateAt(east, 'east')).toBe('draining');
  await west.client.api.edges.drain({ id: edge.id, on: false });
  await expect.poll(() => stateAt(east, 'east')).toBe('online');
});
