import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { outsideDatabases, removeEmbeddedServer } from '@atelier/store';
import { isAlive, processesWith } from './processes.ts';

const prefix = 'atelier-tests-';
const ownerFile = 'owner.pid';

/**
 * Gives all tests of a run one temporary folder of their own, and looks after the last test what is still there: a process, or a
 * database outside of that folder. What is found is ended and removed, and fails the run, since on people's machines it would stay.
 */
export default async function setup(): Promise<() => Promise<void>> {
  const outer = tmpdir();
  for (const name of readdirSync(outer)) if (name.startsWith(prefix)) await sweepAbandoned(path.join(outer, name));
  const folder = mkdtempSync(path.join(outer, prefix));
  // As root the database runs under another account, which has to be able to enter.
  chmodSync(folder, 0o711);
  writeFileSync(path.join(folder, ownerFile), String(process.pid));
  // Workers inherit it, and so do the programs that they start.
  process.env.TMPDIR = folder;
  return async () => {
    process.env.TMPDIR = outer;
    const left = await sweep(folder);
    if (left.length > 0) throw new Error(`The tests left behind:\n  ${left.join('\n  ')}\nIt was ended and removed.`);
  };
}

/** A run that was killed could not tidy up after itself. */
async function sweepAbandoned(folder: string): Promise<void> {
  const file = path.join(folder, ownerFile);
  if (!existsSync(file) || isAlive(Number(readFileSync(file, 'utf8')))) return;
  await sweep(folder);
}

/** @returns what was left, in words */
async function sweep(folder: string): Promise<string[]> {
  const left: string[] = [];
  for (const { dataFolder, folder: home } of await outsideDatabases()) {
    if (!dataFolder.startsWith(`${folder}${path.sep}`)) continue;
    left.push(`the database ${home} of ${dataFolder}`);
    for (const { pid, command } of processesWith(home)) left.push(`process ${pid}: ${command}`);
    await removeEmbeddedServer(dataFolder);
  }
  for (const { pid, command } of processesWith(folder)) {
    left.push(`process ${pid}: ${command}`);
    if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  return left;
}
