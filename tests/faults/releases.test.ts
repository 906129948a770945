import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { RunId, RunView } from '@atelier/protocol';
import type { Database } from '@atelier/store';
import { expect, test } from 'vitest';
import { until, within } from '../support/deadline.ts';
import { digestFleet, digestOf, giveDigest } from '../support/digest-fleet.ts';
import { Studio } from '../support/studio.ts';
import { restore } from './releases/restore.ts';

const names = readdirSync(path.join(import.meta.dirname, 'releases'))
  .filter((file) => file.endsWith('.json'))
  .map((file) => path.basename(file, '.json'));

function expectedTexts(input: string): string[] {
  const first = digestOf(input);
  return [first, digestOf(first), digestOf(digestOf(first))];
}

async function textsOf(studio: Studio, run: RunView): Promise<string[]> {
  return Promise.all(run.steps.map(async ({ outputs: [output] }) => (await studio.client.download(output?.id as never)).text()));
}

/** Holds every table as a reader would, so that a migration that changes one has to wait in its middle. */
async function holdTables(database: Database) {
  const client = await database.pool.connect();
  const { rows } = await client.query("SELECT string_agg(format('%I.%I', schemaname, tablename), ', ') AS tables FROM pg_tables WHERE schemaname = 'public'");
  await client.query('BEGIN');
  await client.query(`LOCK TABLE ${rows[0].tables} IN ACCESS SHARE MODE`);
  return { letGo: () => client.release(true) };
}

async function isWaiting(database: Database): Promise<boolean> {
  const { rows } = await database.pool.query(
    "SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND pid <> pg_backend_pid()",
  );
  return rows[0].waiting > 0;
}

test.each(names)(
  'a run that the release %s left in mid-work is continued to its end, also if the migration is killed in its middle',
  async (name) => {
    await using studio = new Studio({ fleet: digestFleet(['New']) });
    giveDigest(studio, ['New'], 20);
    const { released, database } = await restore(name, studio.data);
    const tables = await holdTables(database);
    const migrating = studio.start();
    // It rejects if the kill comes first, which is meant.
    const outcome = migrating.then(
      () => 'started',
      () => 'killed',
    );
    await within('a migration in its middle, or a start without one', Promise.race([outcome, until(() => isWaiting(database))]));
    await studio.kill();
    tables.letGo();
    await database.close();

    await studio.start();
    await studio.offered('digest', 1);
    const run = await studio.ended(released.openRun as RunId);
    expect(run.state, JSON.stringify(run.error)).toBe('succeeded');
    expect(await textsOf(studio, run)).toEqual(expectedTexts('a run of an older release'));
    // What it had is kept; only what was at work is done again.
    expect(run.steps[0]?.attempts).toHaveLength(1);
    expect(run.steps[1]?.attempts.map(({ state }) => state).sort()).toEqual(['lost', 'succeeded']);
    const ended = await studio.client.api.runs.get({ id: released.endedRun as RunId });
    expect(await textsOf(studio, ended)).toEqual(expectedTexts('ended before'));
  },
  180_000,
);
