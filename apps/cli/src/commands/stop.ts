import { readFile } from 'node:fs/promises';
import { AtelierError } from '@atelier/protocol';
import { Command } from 'commander';
import { type Announcement, dataFolder, readAnnouncement, type StudioOptions } from '../studio.ts';
import { createTerminal } from '../terminal/terminal.ts';

const patienceMs = 60_000;
const lookEveryMs = 100;

export function stopCommand(): Command {
  return new Command('stop')
    .summary('stop the studio of this machine')
    .description('Stops the studio that uses the data folder, and waits until it has ended. Runs go on after the next start.')
    .option('--data <folder>', 'the data folder (default: ATELIER_DATA, else ~/.local/share/atelier)')
    .option('--json', 'print the result as JSON, nothing else')
    .action(async function action(this: Command) {
      const flags = this.opts<StudioOptions>();
      const terminal = createTerminal(flags);
      const folder = dataFolder(flags);
      const running = await readAnnouncement(folder);
      if (!running || !isAlive(running.pid)) {
        terminal.answer({ stopped: false }, () => [`No studio runs with the data folder ${folder}.`]);
        return;
      }
      await checkOurs(running);
      process.kill(running.pid, 'SIGTERM');
      await waitUntilGone(running.pid);
      terminal.answer({ stopped: true, pid: running.pid }, () => ['Stopped. Runs go on after the next start.']);
    });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    // Another user's process is alive, too.
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** A process number may have been given to another program since: the studio answers at its address, or its command line says what it is. */
async function checkOurs({ pid, url }: Announcement): Promise<void> {
  const answers = await fetch(`${url}/livez`, { signal: AbortSignal.timeout(3000) })
    .then((response) => response.ok)
    .catch(() => false);
  const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  const isNode = words === undefined ? answers : /node/.test(words) && /main\.ts/.test(words);
  if (isNode) return;
  throw new AtelierError('conflict', `Process ${pid} does not look like a studio, so it is left alone.`, {
    hint: 'If none runs any more, delete coordinator.json in the data folder.',
  });
}

async function waitUntilGone(pid: number): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (isAlive(pid)) {
    if (Date.now() > deadline)
      throw new AtelierError('timeout', `The studio (process ${pid}) has not ended after ${patienceMs / 1000} s.`, {
        hint: 'Look at logs/coordinator.log in the data folder.',
      });
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}
