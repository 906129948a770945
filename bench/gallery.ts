/**
 * The gallery of somebody who made 100,000 things, among 24,000 single frames that it does not list and as much again of other people:
 * pages, searches, stars, deleted ones, one item with its family. Real PostgreSQL (the embedded one), asked as the API asks it.
 * Not measured: HTTP, small pictures, a database larger than memory, writes at the same time.
 * Run it with Node 22.18 or newer: `node bench/gallery.ts`. Writes bench/results/gallery.json.
 */
import { createGallery } from '../apps/coordinator/src/core/gallery/index.ts';
import { GalleryQuery, type OutputId } from '../packages/protocol/src/index.ts';
import { type Database, testDatabase } from '../packages/store/src/index.ts';
import { type Figure, quantile, writeResults } from './support/results.ts';

const items = Number(process.env.ITEMS ?? 100_000);
const rounds = 25;
const me = { id: 'me', role: 'owner' as const };
const words = ['red', 'green', 'old', 'bright', 'apple', 'pear', 'castle', 'river', 'robot', 'fox', 'moon', 'garden', 'storm', 'lamp', 'whale', 'paper'];

/** Captions of five words, one in a thousand with a rare one; every fifth item a film, one in a hundred starred, public or deleted. */
async function fill({ pool }: Database): Promise<void> {
  await pool.query(
    `INSERT INTO "user" (id, name, email, role) VALUES ('me', 'me', 'me@example.org', 'owner'), ('other', 'other', 'other@example.org', 'member')`,
  );
  const runs = Math.ceil(items / 5);
  await pool.query(
    `INSERT INTO runs (id, user_id, name, state, chain, plan_version, priority)
    SELECT ('01990000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, CASE WHEN n < $1 THEN 'me' ELSE 'other' END, 'run', 'succeeded', '{"name":"run","inputs":{},"steps":[]}', 1, 0
    FROM generate_series(0, 2 * $1::int) AS n`,
    [runs],
  );
  await pool.query(
    `INSERT INTO steps (run_id, step_id, position, task, state, parameters, inputs, work, reads, remaining, reused)
    SELECT id, 'draw', 0, 'text-to-image', 'succeeded', '{}', '{}', 1, '{}', 0, false FROM runs`,
  );
  await insertOutputs(pool, { from: 0, count: items, step: 5, user: 'me', listed: true });
  await insertOutputs(pool, { from: 10_000_000, count: 24_000, step: 240, user: 'me', listed: false });
  await insertOutputs(pool, { from: 20_000_000, count: items, step: 5, user: 'other', listed: true, firstRun: runs });
  await pool.query(`INSERT INTO stars (user_id, output_id) SELECT 'me', id FROM outputs WHERE user_id = 'me' AND listed AND abs(hashtext(id::text)) % 100 = 0`);
  await pool.query(`UPDATE outputs SET visibility = 'public' WHERE abs(hashtext(id::text)) % 100 = 1`);
  await pool.query(`UPDATE outputs SET deleted_at = now() WHERE abs(hashtext(id::text)) % 100 = 2`);
  await pool.query('VACUUM ANALYZE');
}

interface Part {
  readonly from: number;
  readonly count: number;
  /** Outputs of one run. */
  readonly step: number;
  readonly user: string;
  readonly listed: boolean;
  readonly firstRun?: number;
}

async function insertOutputs(pool: Database['pool'], { from, count, step, user, listed, firstRun = 0 }: Part): Promise<void> {
  const numbers = `generate_series(0, ${count - 1}) AS n`;
  const hash = `lpad(to_hex(n + ${from}), 64, '0')`;
  await pool.query(`INSERT INTO artifacts (hash, size_bytes) SELECT ${hash}, 100000 FROM ${numbers}`);
  await pool.query(
    `INSERT INTO outputs (id, user_id, run_id, step_id, shard, port, index, hash, media_type, modality, caption, listed, recipe)
    SELECT (lpad(to_hex(26804224 + n * ${listed ? 7 : 29}), 8, '0') || '-0000-7000-8000-' || lpad(to_hex(n + ${from}), 12, '0'))::uuid, $1,
      ('01990000-0000-7000-8000-' || lpad(to_hex(${firstRun} + n / ${step}), 12, '0'))::uuid, 'draw', n % ${step}, '${listed ? 'image' : 'frames'}', 0, ${hash},
      CASE WHEN n % 5 = 0 THEN 'video/mp4' ELSE 'image/png' END, CASE WHEN n % 5 = 0 THEN 'video' ELSE 'image' END,
      (SELECT string_agg(($2::text[])[1 + abs(hashtext(n || '.' || w)) % ${words.length}], ' ') FROM generate_series(1, 5) AS w) || CASE WHEN n % 1000 = 0 THEN ' zeppelin' ELSE '' END,
      $3, '{"task": "text-to-image", "modelId": "m", "modelHash": "h", "parameters": {}, "inputs": {}}'
    FROM ${numbers}`,
    [user, words, listed],
  );
}

async function timed(name: string, ask: () => Promise<unknown>): Promise<Figure[]> {
  const times: number[] = [];
  for (let round = 0; round < rounds + 5; round += 1) {
    const begun = performance.now();
    await ask();
    times.push(performance.now() - begun);
  }
  const warm = times.slice(5);
  return [
    { name: `${name}, p50`, value: quantile(warm, 0.5), unit: 'ms' },
    { name: `${name}, p95`, value: quantile(warm, 0.95), unit: 'ms' },
  ];
}

const database = await testDatabase();
try {
  await fill(database);
  const gallery = createGallery({ database, artifacts: undefined as never });
  const list = (query: Partial<GalleryQuery>) => gallery.list(me, GalleryQuery.parse(query));
  const { rows } = await database.pool.query(`SELECT id FROM outputs WHERE user_id = 'me' AND listed ORDER BY id OFFSET 500 LIMIT 1`);
  const deep = rows[0].id as OutputId;
  const figures = [
    await timed('first page of 60', () => list({})),
    await timed('page of 60 behind all but 500', () => list({ before: deep })),
    await timed('films only', () => list({ modality: 'video' })),
    await timed('search: a word in every third caption', () => list({ search: 'app' })),
    await timed('search: two such words', () => list({ search: 'apple castle' })),
    await timed('search: a word in one of 1,000', () => list({ search: 'zepp' })),
    await timed('search: a word of none', () => list({ search: 'nothing' })),
    await timed('search: one letter', () => list({ search: 'g' })),
    await timed('starred', () => list({ starred: true })),
    await timed('deleted', () => list({ deleted: true })),
    await timed('uploads, of which there are none', () => list({ uploads: true })),
    await timed("everybody's", () => list({ everybody: true })),
    await timed('public page', () => gallery.listPublic({ limit: 60 })),
    await timed('one item with its family', () => gallery.get(me, deep)),
  ];
  writeResults('gallery', figures.flat());
} finally {
  await database.close();
}
