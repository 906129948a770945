import { Command } from 'commander';
import { createTerminal } from '../terminal/terminal.ts';

interface WholeOptions {
  readonly out: string;
  readonly json?: boolean;
}

export function wholeCommand(): Command {
  return new Command('whole')
    .summary('save what is whole of a recording that lost its end')
    .description(
      'Reads a recording as far as it is whole, also one that a studio refuses as incomplete, and writes that as a WAV of one channel. Needs no studio.',
    )
    .argument('<file>', 'a recording, or a video with sound')
    .requiredOption('--out <file>', 'the WAV to write; it must not exist yet')
    .option('--json', 'print the result as JSON, nothing else')
    .action(async function action(this: Command, file: string) {
      const flags = this.opts<WholeOptions>();
      const { saveWhole } = await import('@atelier/coordinator');
      const seconds = await saveWhole(file, flags.out);
      createTerminal(flags).answer({ seconds, out: flags.out }, () => [`${seconds.toFixed(1)} seconds are whole: ${flags.out}`]);
    });
}
