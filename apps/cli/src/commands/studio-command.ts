import type { AtelierClient } from '@atelier/client';
import { Command } from 'commander';
import type { ExitCode } from '../exit-code.ts';
import { openStudio, type StudioOptions } from '../studio.ts';
import { createTerminal, type Terminal } from '../terminal/terminal.ts';

/** What a command that talks to a studio gets. */
export interface Session {
  readonly client: AtelierClient;
  readonly terminal: Terminal;
}

/** A command with the options by which a studio is found. */
export function studioCommand(name: string): Command {
  return new Command(name)
    .option('--port <number>', 'the studio on this port of this machine')
    .option('--data <folder>', 'the studio of this data folder (default: ATELIER_DATA, else ~/.local/share/atelier)')
    .option('--json', 'print the result as JSON, nothing else');
}

/** Runs a command's work over a session; what it returns becomes the exit code. */
export function withStudio<O extends StudioOptions>(work: (session: Session, options: O, words: string[]) => Promise<ExitCode | undefined>) {
  return async function action(this: Command): Promise<void> {
    const options = this.opts<O>();
    const session = { client: await openStudio(options), terminal: createTerminal(options) };
    const code = await work(session, options, this.args);
    if (code !== undefined) process.exitCode = code;
  };
}

/** For options that may be repeated. */
export function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}
