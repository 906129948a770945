/**
 * Records what a release leaves behind when its machine loses power in the middle of a run: every row of its database and the
 * bytes of its store. tests/faults/releases.test.ts gives these to the current release. Run once for each release, in a set-up checkout of it:
 *
 *   node tests/faults/releases/record.ts CHECKOUT NAME     writes tests/faults/releases/NAME.json
 *
 * Paths of the machine are replaced by names in braces, which the test fills in again.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Released } from './restore.ts';

const [checkout, name] = process.argv.slice(2).map((word) => word);
if (!checkout || !name) throw new Error('Give the checkout of a release and a name.');
const root = path.resolve(checkout);
const of = (file: string) => import(path.join(root, file));

const { Studio } = await of('tests/support/studio.ts');
const { digestFleet, giveDigest, digestProgram } = await of('tests/support/digest-fleet.ts');
const { startEmbeddedServer } = await of('packages/store/src/index.ts');
const { default: pg } = await import(createRequire(path.join(root, 'packages/store/package.json')).resolve('pg'));

const chain = {
  name: 'From an older release',
  inputs: { text: { modality: 'text' } },
  steps: [
    { id: 'first', task: 'text-generation', inputs: { prompt: 'inputs.text' } },
    { id: 'second', task: 'text-generation', inputs: { prompt: 'first.text' } },
    { id: 'third', task: 'text-generation', inputs: { prompt: 'second.text' } },
  ],
};

const studio = new Studio({ fleet: digestFleet(['Old']) });
giveDigest(studio, ['Old'], 1500);
await studio.start();
await studio.offered('digest', 1);
const done = await studio.client.api.runs.create({ chain, inputs: { text: { text: 'ended before' } } });
await studio.ended(done.id);
const open = await studio.client.api.runs.create({ chain, inputs: { text: { text: 'a run of an older release' } } });
for await (const event of studio.client.watchRun(open.id)) {
  const [, second] = (await studio.client.api.runs.get({ id: open.id })).steps;
  if (event.kind === 'ended') throw new Error('The run ended before it could be cut.');
  if (second.state === 'running') break;
}
for (const { pid } of [...studio.slots(), ...studio.edges()]) process.kill(pid, 'SIGKILL');
await studio.kill();

const { url } = await startEmbeddedServer(studio.data);
const client = new pg.Client({ connectionString: url });
await client.connect();
const rowsOf = async (sql: string) => (await client.query(sql)).rows;
const tables: Record<string, unknown[]> = {};
for (const { name: table } of await rowsOf("SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY oid")) {
  const [{ rows }] = await rowsOf(`SELECT coalesce(json_agg(t), '[]'::json)::text AS rows FROM "${table}" t`);
  if (rows !== '[]') tables[table] = JSON.parse(hidden(rows));
}
const sequences: Record<string, number> = {};
for (const row of await rowsOf("SELECT sequencename AS name, coalesce(last_value, 0)::int AS value FROM pg_sequences WHERE schemaname = 'public'"))
  sequences[row.name] = row.value;
const [{ migrations }] = await rowsOf('SELECT count(*)::int AS migrations FROM drizzle.__drizzle_migrations');
await client.end();

const artifacts: Record<string, string> = {};
const store = path.join(studio.data, 'artifacts');
for (const entry of readdirSync(store, { recursive: true, withFileTypes: true }))
  if (entry.isFile() && /^[0-9a-f]{64}$/.test(entry.name)) artifacts[entry.name] = readFileSync(path.join(entry.parentPath, entry.name), 'base64');

const released: Released = { migrations, openRun: open.id, endedRun: done.id, tables, sequences, artifacts };
writeFileSync(path.join(import.meta.dirname, `${name}.json`), `${JSON.stringify(released, undefined, 1)}\n`);
await studio[Symbol.asyncDispose]();

/** JSON text without the paths of this machine. */
function hidden(text: string): string {
  const plain = (value: string) => JSON.stringify(value).slice(1, -1);
  return text
    .replaceAll(plain(digestProgram), '{digest}')
    .replaceAll(plain(process.execPath), '{node}')
    .replaceAll(plain(studio.data), '{data}')
    .replaceAll(plain(root), '{root}');
}
