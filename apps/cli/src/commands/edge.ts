import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { AtelierError } from '@atelier/protocol';
import { Command } from 'commander';

/**
 * Runs the edge agent in the foreground, in a process of its own: its slots and signals are its own business, and
 * `atelier edge --help` is its own help. All words go through as they are.
 */
export function edgeCommand(): Command {
  return new Command('edge')
    .summary('offer this machine to a studio: atelier edge --join URL --token TOKEN')
    .allowUnknownOption()
    .allowExcessArguments()
    .helpOption(false)
    .action(async function action(this: Command) {
      const main = fileURLToPath(new URL('./main.ts', import.meta.resolve('@atelier/edge')));
      const child = spawn(process.execPath, [main, ...this.args], { stdio: 'inherit' });
      const forward = (signal: NodeJS.Signals) => child.kill(signal);
      // The terminal sends Ctrl-C to the agent itself; here it only must not end us first.
      const stay = () => undefined;
      process.on('SIGTERM', forward);
      process.on('SIGINT', stay);
      const code = await new Promise<number | null>((resolve, reject) => {
        child.once('exit', resolve);
        child.once('error', (cause) => reject(new AtelierError('internal', `The edge agent could not be started: ${cause.message}`, { cause })));
      });
      process.exitCode = code === 0 || code === 2 ? code : 1;
    });
}
