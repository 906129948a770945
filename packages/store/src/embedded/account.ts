import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { AtelierError } from '@atelier/protocol';

/** A user of the operating system under whom a program runs. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/**
 * PostgreSQL refuses to run as root. As root it runs as the user `postgres` if there is one, else as `nobody`;
 * undefined means as ourselves.
 */
export async function unprivilegedAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const entry = lines.find(([name]) => name === 'postgres') ?? lines.find(([name]) => name === 'nobody');
  if (!entry)
    throw new AtelierError('unavailable', 'PostgreSQL cannot run as root, and there is no user "postgres" or "nobody".', {
      hint: 'Start Atelier as another user.',
    });
  return { uid: Number(entry[2]), gid: Number(entry[3]) };
}

/** Whether an account may enter a folder and all folders above it, by the permissions of its owner, group and others. */
export async function canBeReadBy(account: Account, folder: string): Promise<boolean> {
  for (let current = path.resolve(folder); ; current = path.dirname(current)) {
    const { uid, gid, mode } = await stat(current);
    const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0;
    if (((mode >> shift) & 1) === 0) return false;
    if (current === path.dirname(current)) return true;
  }
}
