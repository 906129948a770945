import { afterAll, expect, test } from 'vitest';
import { migrate } from './migrate.ts';
import { emptyDatabase, migrateTo } from './testing.ts';

const database = await emptyDatabase();
afterAll(() => database.close());

const ids = { run: '01a1fe48-0af2-7047-8719-a234652d7cd6', edge: '01a1fe47-f596-7f69-a257-0af8e10179da' };
const output = (number: number) => `01a1fe49-0000-7000-8000-00000000000${number}`;

/** A run in the middle of its work, a result, an upload and a written text, with the columns that there were. */
async function fill(): Promise<void> {
  const { pool } = database;
  await pool.query(`INSERT INTO "user" (id, name, email) VALUES ('ada', 'Ada', 'ada@example.test')`);
  await pool.query(`INSERT INTO edges (id, name, public_key, local) VALUES ($1, 'North', '{}', true)`, [ids.edge]);
  await pool.query(`INSERT INTO runs (id, user_id, name, state, chain, plan_version, priority) VALUES ($1, 'ada', 'old', 'running', '{}', 1, 0)`, [ids.run]);
  await pool.query(
    `INSERT INTO steps (run_id, step_id, position, task, state, parameters, inputs, work, reads, remaining, bound_edge, bound_model, reused)
    VALUES ($1, 'draw', 0, 'text-to-image', 'queued', '{}', '{}', 40, '{}', 0, $2, 'starter-diffusion', false)`,
    [ids.run, ids.edge],
  );
  await pool.query(`INSERT INTO shards (run_id, step_id, index, done, failures, losses, avoid) VALUES ($1, 'draw', 0, false, 0, 0, '{}')`, [ids.run]);
  for (const hash of ['a', 'b', 'c']) await pool.query('INSERT INTO artifacts (hash, size_bytes) VALUES ($1, 1)', [hash]);
  const insert =
    'INSERT INTO outputs (id, user_id, run_id, step_id, shard, port, index, hash, media_type, name) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)';
  await pool.query(insert, [output(1), 'ada', ids.run, 'draw', 0, 'image', 0, 'a', 'image/png', null]);
  await pool.query(insert, [output(2), 'ada', null, null, null, null, null, 'b', 'audio/wav', 'A\u0308pfel.wav']);
  await pool.query(insert, [output(3), 'ada', null, null, null, 'prompt', null, 'c', 'text/plain', null]);
  await pool.query("INSERT INTO run_inputs (run_id, name, output_id, text) VALUES ($1, 'prompt', $2, 'a red apple')", [ids.run, output(3)]);
}

test('a database of the first release is brought up to this one: what it holds is searchable, and its open runs are as they were', async () => {
  await migrateTo(database, 1);
  await fill();
  await migrate(database);
  const outputs = await database.db.query.outputs.findMany({ orderBy: (table, { asc }) => asc(table.id) });
  expect(outputs.map(({ modality, listed, caption, visibility }) => ({ modality, listed, caption, visibility }))).toEqual([
    { modality: 'image', listed: true, caption: 'a red apple', visibility: 'private' },
    { modality: 'audio', listed: true, caption: '', visibility: 'private' },
    { modality: 'text', listed: false, caption: '', visibility: 'private' },
  ]);
  // Names are found however they are typed, also those that came decomposed.
  expect(outputs.map(({ name }) => name)).toEqual([null, '\u00c4pfel.wav', null]);
  const [run, step, shard] = await Promise.all([database.db.query.runs.findFirst(), database.db.query.steps.findFirst(), database.db.query.shards.findFirst()]);
  expect(run).toMatchObject({ state: 'running', fresh: false, stateVersion: 0 });
  expect(step).toMatchObject({ state: 'queued', boundEdge: ids.edge, sharing: null });
  expect(shard).toMatchObject({ index: 0, rank: 0, done: false, cached: false });
});
