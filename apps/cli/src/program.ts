import type { TaskView } from '@atelier/protocol';
import { Command } from 'commander';
import { chainCommand } from './commands/chain.ts';
import { checksCommand } from './commands/checks.ts';
import { doctorCommand } from './commands/doctor.ts';
import { edgeCommand } from './commands/edge.ts';
import { edgesCommand } from './commands/edges.ts';
import { modelsCommand } from './commands/models.ts';
import { peopleCommand } from './commands/people.ts';
import { planCommand } from './commands/plan.ts';
import { runCommand } from './commands/run.ts';
import { runsCommand } from './commands/runs.ts';
import { servicesCommand } from './commands/services.ts';
import { startCommand } from './commands/start.ts';
import { stopCommand } from './commands/stop.ts';
import { tokenCommand } from './commands/token.ts';
import { walkCommand } from './commands/walk.ts';
import { wholeCommand } from './commands/whole.ts';

const examples = `
Begin with
  atelier start
  atelier run text-to-image --input "a red apple" --out out
  atelier walk "a red apple" "a green pear" --out walk.gif

A studio elsewhere is reached by ATELIER_URL and ATELIER_TOKEN.
Exit codes: 0 fine, 1 it failed, 2 called wrongly or with unusable input.`;

/**
 * The whole command line. Errors are thrown, not printed: main.ts decides how they are said.
 * @param views the studio's tasks, where its help is asked for: there may be some that this program does not know
 */
export function createProgram(version: string, views: readonly TaskView[] = []): Command {
  const program = new Command('atelier')
    .description('Plans and runs generative chains over the machines that you already own.')
    .version(version, '--version', 'print the version')
    .helpCommand(false)
    .addHelpText('after', examples);
  program.addCommand(startCommand()).addCommand(stopCommand()).addCommand(planCommand()).addCommand(runCommand(views)).addCommand(walkCommand());
  const others = [
    chainCommand,
    runsCommand,
    edgesCommand,
    edgeCommand,
    servicesCommand,
    checksCommand,
    modelsCommand,
    peopleCommand,
    tokenCommand,
    doctorCommand,
    wholeCommand,
  ];
  for (const command of others) program.addCommand(command());
  throwErrors(program);
  return program;
}

function throwErrors(command: Command): void {
  command.exitOverride().showHelpAfterError('(--help shows what there is)');
  for (const child of command.commands) throwErrors(child);
}
