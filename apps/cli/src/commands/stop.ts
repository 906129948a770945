import { readFile } from 'node:fs/promises';
import { AtelierError } from '@atelier/protocol';
import { Command } from 'commander';
import { type Announcement, dataFolder, portOf, readAnnouncement, type StudioOptions } from '../studio.ts';
import { createTerminal } from '../terminal/terminal.ts';

const patienceMs = 60_000;
const lookEveryMs = 100;

export function stopCommand(): Command {
  return new Command('stop')
    .summary('stop the studio of this machine')
    .description('Stops the studio that uses the data folder, and waits until it has ended. Runs go on after the next start.')
    .option('--port <number>', 'stop the studio only if it listens on this port')
    .option('--data <folder>', 'the data folder (default: ATELIER_DATA, else ~/.local/share/atelier)')
    .option('--json', 'print the result as JSON, nothing else')
    .action(async function action(this: Command) {
      const flags = this.opts<StudioOptions>();
      const terminal = createTerminal(flags);
      const folder = dataFolder(flags);
      const port = flags.port === undefined ? undefined : portOf(flags.port);
      const running = await readAnnouncement(folder);
      if (port !== undefined) await checkPort(port, running, folder);
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

/** The port says which studio is meant; the data folder says which process that is. */
async function checkPort(port: number, running: Announcement | undefined, folder: string): Promise<void> {
  if (running && isAlive(running.pid) && new URL(running.url).port === String(port)) return;
  if (await answersAt(`http://127.0.0.1:${port}`)) {
    throw new AtelierError('conflict', `The studio at port ${port} does not use the data folder ${folder}.`, {
      hint: `Name its own folder: atelier stop --port ${port} --data FOLDER.`,
    });
  }
  if (running && isAlive(running.pid)) {
    throw new AtelierError('not-found', `No studio listens on port ${port}; the one with the data folder ${folder} is at ${running.url}.`, {
      hint: `Stop that one with: atelier stop --port ${new URL(running.url).port}.`,
    });
  }
}

async function answersAt(url: string): Promise<boolean> {
  return fetch(`${url}/livez`, { signal: AbortSignal.timeout(3000) })
    .then((response) => response.ok)
    .catch(() => false);
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
  const answers = await answersAt(url);
  const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  const isProgram = (word: string) => /(^|\/)apps\/(cli|coordinator)\/src\/main\.ts$/.test(word);
  const isStudio = line === undefined ? answers : line.split('\0').some(isProgram);
  if (isStudio) return;
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
