import type { Command } from 'commander';
import { studioCommand, withStudio } from './studio-command.ts';

export function doctorCommand(): Command {
  return studioCommand('doctor')
    .summary('say what is missing, and which device each model runs on')
    .description(
      'Says which device each model runs on and why not a faster one, what is missing, and which engines and models of others are on this machine. It changes nothing.',
    )
    .action(
      withStudio(async ({ client, terminal }) => {
        const findings = await client.api.doctor();
        const { paint } = terminal;
        const marks = { good: paint.good('ok'), note: paint.dim('--'), problem: paint.bad('!!') };
        terminal.answer(findings, () =>
          findings.flatMap((one) => [`${marks[one.level]}  ${paint.bold(one.subject)}: ${one.message}`, ...(one.hint === null ? [] : [`    ${one.hint}`])]),
        );
        return findings.some((one) => one.level === 'problem') ? 1 : 0;
      }),
    );
}
