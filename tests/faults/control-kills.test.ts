/** A steered count with a kill -9 in mid-run: the end is what the record says, and what follows a lost attempt goes on from a checkpoint. */

import type { RunId, RunView } from '@atelier/protocol';
import { seeded } from '@atelier/seeded';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { applied, beginCount, countByRecord, counted, countIn, countingStudio, setSize } from '../support/counters.ts';
import { until, within } from '../support/deadline.ts';
import type { RunningProcess } from '../support/processes.ts';
import type { Studio } from '../support/studio.ts';
import { openStudioDatabase } from '../support/studio-database.ts';

const random = seeded('control-kills');
const iterations = 900;
const counting = { iterations, everyMs: 15, keepEvery: 10, size: 3 };
let studio: Studio;

beforeAll(async () => {
  studio = countingStudio(['North', 'South']);
  await studio.start();
  await studio.offered('counter', 2);
});

afterAll(async () => {
  await studio[Symbol.asyncDispose]();
});

/** Begins a count, tells it a few sizes, and waits until a checkpoint is here that has followed the first of them. @returns where the count began after each kill, as it says */
async function steered(): Promise<{ run: RunView; begun: number[] }> {
  const run = await beginCount(studio, counting, { fresh: true });
  const begun: number[] = [];
  void follow(run.id, begun);
  await counted(studio, run.id, random.below(20));
  await setSize(studio, run.id, random.below(1000));
  await applied(studio, run.id, 1);
  await untilCheckpoints(run.id, 'a checkpoint that has followed a control', (all) => all.some((included) => included.includes(1)));
  for (let count = 1 + random.below(3); count > 0; count -= 1) await setSize(studio, run.id, random.below(1000));
  return { run, begun };
}

async function follow(id: RunId, begun: number[]): Promise<void> {
  for await (const event of studio.client.watchRun(id)) {
    if (event.kind !== 'text') continue;
    for (const [, at] of event.delta.matchAll(/from (\d+);/g)) begun.push(Number(at));
  }
}

/** Waits until the checkpoints of a run that are here, as the database has them, are as wanted. */
async function untilCheckpoints(id: RunId, what: string, wanted: (included: number[][]) => boolean): Promise<void> {
  const database = await openStudioDatabase(studio);
  try {
    const look = async () => {
      const { rows } = await database.pool.query('SELECT included FROM checkpoints WHERE run_id = $1 AND arrived', [id]);
      return wanted(rows.map((row) => row.included as number[]));
    };
    await within(what, until(look));
  } finally {
    await database.close();
  }
}

async function expectEqualEnd({ run, begun }: { run: RunView; begun: number[] }): Promise<void> {
  const ended = await studio.ended(run.id);
  expect(ended.state, JSON.stringify(ended.error)).toBe('succeeded');
  const [step] = ended.steps;
  const told = step?.controls?.newest ?? [];
  console.log(`begun at ${begun.join(', ')}; controls at ${told.map(({ at }) => at[0]?.position).join(', ')}`);
  // The step may have ended before it heard the last of them; that is said, and they are no part of the record.
  expect(told.map(({ state }) => state === 'applied' || state === 'missed')).not.toContain(false);
  expect(told[0]?.state).toBe('applied');
  expect(await countIn(studio, ended)).toBe(countByRecord(step as never));
  // None of its checkpoints is left, and a run that repeats it comes to the same bytes.
  await untilCheckpoints(run.id, 'the end of its checkpoints', (all) => all.length === 0);
  const again = await studio.ended((await studio.client.api.runs.again({ id: run.id, set: {} })).id);
  expect([again.steps[0]?.cached, again.steps[0]?.outputs[0]?.hash]).toEqual([0, step?.outputs[0]?.hash]);
}

const working = async () => (await studio.client.api.edges.list()).find(({ running }) => running > 0);
const killed = (found: RunningProcess | undefined) => {
  if (!found) throw new Error('nothing is at work that could be killed');
  process.kill(found.pid, 'SIGKILL');
};

test('kill -9 of the slot: another attempt goes on from the checkpoint', async () => {
  const count = await steered();
  const edge = await working();
  killed(studio.slots(studio.edge(edge?.name as string).pid)[0]);
  await expectEqualEnd(count);
  expect(count.begun[0]).toBe(0);
  expect(count.begun.at(-1)).toBeGreaterThan(0);
});

test('kill -9 of the edge: another edge goes on from the checkpoint', async () => {
  const count = await steered();
  const edge = await working();
  killed(studio.edge(edge?.name as string));
  await expectEqualEnd(count);
  expect(count.begun.at(-1)).toBeGreaterThan(0);
  await studio.offered('counter', 2);
});

test('kill -9 of the coordinator: what it had accepted is followed, also what it had not sent', async () => {
  const count = await steered();
  const racing = [1, 2, 3].map((size) =>
    setSize(studio, count.run.id, size).then(
      ({ number }) => number,
      () => 0,
    ),
  );
  await studio.kill();
  const accepted = (await Promise.all(racing)).filter((number) => number > 0);
  await studio.start();
  const told = (await studio.client.api.runs.get({ id: count.run.id })).steps[0]?.controls?.total ?? 0;
  expect(told).toBeGreaterThanOrEqual(Math.max(1, ...accepted));
  await setSize(studio, count.run.id, random.below(1000));
  await expectEqualEnd(count);
});

test('kill -9 of slot, edge and coordinator, one after the other, in one run', async () => {
  const count = await steered();
  killed(studio.slots(studio.edge((await working())?.name as string).pid)[0]);
  await counted(studio, count.run.id, 0);
  await studio.kill();
  await studio.start();
  await within(
    'an edge at work',
    until(async () => (await working()) !== undefined),
  );
  killed(studio.edge((await working())?.name as string));
  await expectEqualEnd(count);
});
