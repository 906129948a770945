import { afterAll, expect, test } from 'vitest';
import { migrate } from './migrate.ts';
import { emptyDatabase, migrateTo, testDatabase } from './testing.ts';

const database = await testDatabase();
afterAll(() => database.close());

test('migrating again, also several at once, changes nothing and fails nowhere', async () => {
  await Promise.all([migrate(database), migrate(database), migrate(database)]);
  const { rows } = await database.pool.query("SELECT count(*)::int AS tables FROM information_schema.tables WHERE table_schema = 'public'");
  expect(rows[0].tables).toBeGreaterThan(15);
});

test('a database holds everything that the schema declares', async () => {
  const runs = await database.db.query.runs.findMany();
  expect(runs).toEqual([]);
});

test("queues that only woke edges are dropped with their schema, and another program's queues beside them stay", async () => {
  for (const [queue, stays] of [
    ['edge-01a223a4-98ab-7287-b871-6125fd693969', false],
    ['letters', true],
  ] as const) {
    const older = await emptyDatabase();
    await migrateTo(older, 15);
    await older.pool.query('CREATE SCHEMA bullmq; CREATE TABLE bullmq.meta (queue text); CREATE TABLE bullmq.job (queue text)');
    await older.pool.query('INSERT INTO bullmq.job VALUES ($1)', [queue]);
    await migrate(older);
    const { rows } = await older.pool.query("SELECT to_regclass('bullmq.job') IS NOT NULL AS stays");
    expect([queue, rows[0].stays]).toEqual([queue, stays]);
    await older.close();
  }
});
