import { afterAll, expect, test } from 'vitest';
import { migrate } from './migrate.ts';
import { testDatabase } from './testing.ts';

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
