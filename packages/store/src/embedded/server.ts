import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { AtelierError } from '@atelier/protocol';
import pg from 'pg';
import { type Account, canBeReadBy, unprivilegedAccount } from './account.ts';
import { type Binaries, findBinaries } from './binaries.ts';

const run = promisify(execFile);

/** Where root's database goes when the account that runs it cannot enter the data folder. */
const rootFolder = '/var/lib/atelier';

/** A PostgreSQL server of our own in the data folder. It outlives this process if that is killed; the next start adopts it. */
export interface EmbeddedServer {
  /** A connection string for the database `atelier`, with the password. */
  readonly url: string;
  /** Where its files lie: in the data folder, or elsewhere if the account that runs it may not enter that. */
  readonly folder: string;
  /** Starts it again, on the same port, if it has ended by itself. @throws AtelierError `unavailable` while it cannot start */
  revive(): Promise<void>;
  /** Ends the server, after its connections. */
  stop(): Promise<void>;
}

interface Cluster {
  readonly folder: string;
  readonly binaries: Binaries;
  readonly account: Account | undefined;
}

/**
 * Starts the bundled PostgreSQL on a free port of 127.0.0.1, or adopts the one that still runs for this data folder.
 * The first time this makes the cluster, which takes some seconds.
 * @throws AtelierError `unavailable` with the end of the server's own log where it does not start
 */
export async function startEmbeddedServer(dataFolder: string): Promise<EmbeddedServer> {
  const cluster = await locate(dataFolder);
  const password = await readSecret(path.join(dataFolder, 'postgres.password'), async () => randomBytes(24).toString('base64url'));
  if (!(await stat(path.join(cluster.folder, 'PG_VERSION')).catch(() => undefined))) await initialise(cluster, password);
  const running = await runningPort(cluster);
  const port = running ?? (await start(cluster));
  const url = `postgresql://atelier:${password}@127.0.0.1:${port}/atelier`;
  await ensureDatabase(url);
  let stopped = false;
  return {
    url,
    folder: cluster.folder,
    async revive() {
      if (stopped) throw new AtelierError('unavailable', 'The database was stopped.');
      if ((await runningPort(cluster)) === undefined) await start(cluster, port);
    },
    async stop() {
      stopped = true;
      if ((await runningPort(cluster)) !== undefined) await stop(cluster);
    },
  };
}

/** Ends the server of a data folder if one runs, also one that a killed studio left behind. */
export async function stopEmbeddedServer(dataFolder: string): Promise<void> {
  const cluster = await locate(dataFolder);
  if ((await runningPort(cluster)) !== undefined) await stop(cluster);
}

/** A database outside of its data folder. */
export interface OutsideDatabase {
  /** To be deleted as a whole. */
  readonly folder: string;
  readonly dataFolder: string;
}

/** Databases of root's outside of their data folders, among them those whose data folder is gone. Only looks; empty for any other account. */
export async function outsideDatabases(): Promise<OutsideDatabase[]> {
  if (process.getuid?.() !== 0) return [];
  const names = await readdir(rootFolder).catch(() => []);
  const read = async (name: string): Promise<OutsideDatabase | undefined> => {
    const folder = path.join(rootFolder, name);
    const dataFolder = await readFile(path.join(folder, 'data-folder'), 'utf8').catch(() => undefined);
    return dataFolder === undefined ? undefined : { folder, dataFolder };
  };
  return (await Promise.all(names.map(read))).filter((found) => found !== undefined);
}

/** Ends the server of a data folder and deletes its database, wherever that lies. The data folder's other files stay. */
export async function removeEmbeddedServer(dataFolder: string): Promise<void> {
  const cluster = await locate(dataFolder);
  if ((await runningPort(cluster)) !== undefined) await stop(cluster);
  const outside = path.dirname(cluster.folder) !== path.resolve(dataFolder);
  await rm(outside ? path.dirname(cluster.folder) : cluster.folder, { recursive: true, force: true });
}

async function locate(dataFolder: string): Promise<Cluster> {
  const account = await unprivilegedAccount();
  await mkdir(dataFolder, { recursive: true, mode: 0o700 });
  const binaries = await findBinaries(account, rootFolder);
  if (account === undefined || (await canBeReadBy(account, dataFolder))) return { folder: path.join(path.resolve(dataFolder), 'postgres'), binaries, account };
  const id = await readSecret(path.join(dataFolder, 'postgres.id'), async () => {
    await removeAbandoned(path.resolve(dataFolder), { binaries, account });
    return randomBytes(8).toString('hex');
  });
  const home = path.join(rootFolder, id);
  await mkdir(home, { recursive: true });
  for (const folder of [rootFolder, home]) await chmod(folder, 0o755);
  await writeFile(path.join(home, 'data-folder'), path.resolve(dataFolder));
  return { folder: path.join(home, 'postgres'), binaries, account };
}

/** Ends and removes clusters outside the data folder that belonged to an earlier folder of this path, which somebody deleted. */
async function removeAbandoned(dataFolder: string, how: Pick<Cluster, 'binaries' | 'account'>): Promise<void> {
  for (const name of await readdir(rootFolder).catch(() => [])) {
    const home = path.join(rootFolder, name);
    if ((await readFile(path.join(home, 'data-folder'), 'utf8').catch(() => '')) !== dataFolder) continue;
    const cluster = { ...how, folder: path.join(home, 'postgres') };
    if ((await runningPort(cluster)) !== undefined) await stop(cluster);
    await rm(home, { recursive: true, force: true });
  }
}

/** A word of the data folder, drawn once and only readable by its owner. */
async function readSecret(file: string, draw: () => Promise<string>): Promise<string> {
  const known = await readFile(file, 'utf8').catch(() => undefined);
  if (known) return known.trim();
  const drawn = await draw();
  await writeFile(file, drawn, { mode: 0o600, flush: true });
  return drawn;
}

/** Made beside its place and renamed, so that a kill in the middle leaves nothing half-made. */
async function initialise(cluster: Cluster, password: string): Promise<void> {
  const half = `${cluster.folder}.part`;
  const passwordFile = `${cluster.folder}.pw`;
  await rm(half, { recursive: true, force: true });
  await mkdir(half, { recursive: true, mode: 0o700 });
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (cluster.account) for (const file of [half, passwordFile]) await chown(file, cluster.account.uid, cluster.account.gid);
  try {
    await execute(cluster, cluster.binaries.initdb, [
      `--pgdata=${half}`,
      '--username=atelier',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-instructions',
    ]);
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(half, cluster.folder);
}

const settings: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '250',
  shared_buffers: '32MB',
  jit: 'off',
  // Results are committed before they are acknowledged: fsync and synchronous_commit stay on.
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '256MB',
  max_parallel_workers: '0',
  log_min_messages: 'warning',
};

async function start(cluster: Cluster, port?: number): Promise<number> {
  port ??= await freePort();
  const log = path.join(cluster.folder, 'server.log');
  const options = Object.entries({ ...settings, port: String(port) }).map(([name, value]) => `-c ${name}=${value === '' ? "''" : value}`);
  try {
    await execute(cluster, cluster.binaries.pgCtl, [
      'start',
      '--wait',
      '--timeout=60',
      `--pgdata=${cluster.folder}`,
      `--log=${log}`,
      `--options=${options.join(' ')}`,
    ]);
  } catch (error) {
    const tail = (await readFile(log, 'utf8').catch(() => '')).split('\n').slice(-8).join('\n');
    throw new AtelierError('unavailable', `The database does not start.\n${tail}`, { hint: `Its log is ${log}.`, cause: error });
  }
  return port;
}

async function stop(cluster: Cluster): Promise<void> {
  await execute(cluster, cluster.binaries.pgCtl, ['stop', '--mode=fast', '--wait', '--timeout=60', `--pgdata=${cluster.folder}`]);
}

/** The port of the server that runs on this cluster now, by its own postmaster.pid (line 4) and pg_ctl's word that it lives. */
async function runningPort(cluster: Cluster): Promise<number | undefined> {
  const pidFile = await readFile(path.join(cluster.folder, 'postmaster.pid'), 'utf8').catch(() => undefined);
  const [pid, , , port] = (pidFile ?? '').split('\n').map(Number);
  if (!port || !pid || !(await isServerOf(cluster, pid))) return undefined;
  try {
    await execute(cluster, cluster.binaries.pgCtl, ['status', `--pgdata=${cluster.folder}`]);
    return port;
  } catch {
    // Status 3: no server runs; the file is what a crash left behind, and start clears it away.
    return undefined;
  }
}

/** After a crash the number may be another program's, which must get no signal. Where the command line cannot be read, pg_ctl's word counts. */
async function isServerOf(cluster: Cluster, pid: number): Promise<boolean> {
  const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  return line === undefined || line.split('\0').includes(cluster.folder);
}

/** Runs a program as the cluster's account, in a folder that every account may enter. */
async function execute(cluster: Cluster, program: string, arguments_: string[]): Promise<void> {
  const environment = { PATH: process.env.PATH ?? '', LC_ALL: 'C', TZ: 'UTC', ...(process.platform === 'win32' ? process.env : {}) };
  await run(program, arguments_, { cwd: path.parse(program).root, env: environment, ...(cluster.account ?? {}) });
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port'))));
    });
  });
}

async function ensureDatabase(url: string): Promise<void> {
  const admin = new pg.Client({ connectionString: url.replace(/\/atelier$/, '/postgres'), connectionTimeoutMillis: 10_000 });
  await admin.connect();
  try {
    const found = await admin.query("SELECT 1 FROM pg_database WHERE datname = 'atelier'");
    if (found.rowCount === 0) await admin.query('CREATE DATABASE atelier');
  } finally {
    await admin.end();
  }
}
