import { AtelierError, formatPlan, type PlannedStep, type PlanSet, type RejectedOffer } from '@atelier/protocol';
import type { Command } from 'commander';
import { readChain, schemasOf } from '../run/chain-argument.ts';
import { inputBytes, readInputs } from '../run/inputs.ts';
import { parseSettings } from '../run/settings-text.ts';
import type { StudioOptions } from '../studio.ts';
import { formatBytes, formatSeconds } from '../terminal/format.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { collect, studioCommand, withStudio } from './studio-command.ts';

interface PlanFlags extends StudioOptions {
  readonly explain?: boolean;
  readonly count: string;
  readonly set?: string[];
  readonly input?: string[];
}

export const chainHelp = `
CHAIN is one of
  text-to-image                                  one task
  text-generation,text-to-image                  tasks in order
  "Text to Text -> Text to Image"                the same in words
  examples/chains/voice-to-film.yaml             a YAML or JSON file
  "My chain"                                     one that you saved: atelier chain save`;

export function planCommand(): Command {
  return studioCommand('plan')
    .summary('predict the best model and machine for every step')
    .description('Predicts which model on which machine is best for every step of a chain, and how long it will take. Runs nothing.')
    .argument('<chain>')
    .option('--explain', 'the predicted seconds of every step, and why every other offer lost')
    .option('--count <number>', 'how many plans, best first (1 to 20)', '3')
    .option('--set <step.parameter=value>', 'change a parameter; may be repeated', collect)
    .option('--input <value>', 'text, a file or NAME=VALUE: its size goes into the prediction', collect)
    .addHelpText('after', chainHelp)
    .action(
      withStudio<PlanFlags>(async ({ client, terminal }, flags, [argument]) => {
        const count = Number(flags.count);
        if (!Number.isInteger(count) || count < 1 || count > 20) throw new AtelierError('invalid-input', '--count is a number from 1 to 20.');
        const given = await readChain(argument as string, client);
        const views = given.resolved ? [] : await client.api.tasks();
        const set = parseSettings(flags.set ?? [], schemasOf(given, views));
        const inputs = await readInputs(flags.input ?? [], given.resolved && Object.keys(given.resolved.inputs));
        const planned = await client.api.plan({ chain: given.chain, set, count, inputBytes: inputBytes(inputs, given.resolved) });
        terminal.answer(planned, () => planLines(planned, terminal, flags.explain === true ? 'explained' : 'short'));
        return 0;
      }),
    );
}

/** The seed's form of the best plan with its total; explained, also each step's seconds, the other plans and the offers that lost. */
export function planLines(planned: PlanSet, terminal: Pick<Terminal, 'table' | 'paint'>, form: 'short' | 'explained'): string[] {
  const [best, ...others] = planned.plans;
  if (!best) return ['No plan.'];
  const gap = planned.gapSeconds > 0 ? ` (at most ${formatSeconds(planned.gapSeconds)} from the least possible)` : '';
  const lines = [formatPlan(best), `about ${formatSeconds(best.totalSeconds)}${gap}`];
  if (form === 'short') return lines;
  lines.push('', ...stepTable(best.steps, terminal));
  if (others.length > 0) {
    lines.push('', terminal.paint.bold('Next best'));
    lines.push(...others.map((plan) => `+${formatSeconds(plan.totalSeconds - best.totalSeconds)}  ${formatPlan(plan)}`));
  }
  if (planned.rejected.length > 0) lines.push('', terminal.paint.bold('Not taken'), ...rejectedTable(planned.rejected, terminal));
  return lines;
}

function stepTable(steps: readonly PlannedStep[], terminal: Pick<Terminal, 'table'>): string[] {
  const seconds = (title: string, value: (step: PlannedStep) => number) => ({
    title,
    value: (step: PlannedStep) => formatSeconds(value(step)),
    align: 'right' as const,
  });
  return terminal.table(steps, [
    { title: 'step', value: (step) => step.stepId, flexible: true },
    { title: 'model', value: (step) => step.offer.modelName },
    { title: 'edge', value: (step) => step.offer.edgeName },
    seconds('queue', (step) => step.prediction.queueSeconds),
    seconds('transfer', (step) => step.prediction.transferSeconds),
    { title: 'bytes', value: (step) => formatBytes(step.prediction.transferBytes), align: 'right' },
    seconds('load', (step) => step.prediction.loadSeconds),
    seconds('run', (step) => step.prediction.runSeconds),
    seconds('ends', (step) => step.prediction.endSeconds),
    { title: 'from', value: (step) => basisOf(step) },
  ]);
}

function basisOf({ prediction }: PlannedStep): string {
  if (prediction.basis === 'measured') return `${prediction.samples} measured`;
  return prediction.basis === 'borrowed' ? 'other edges' : 'a guess';
}

function rejectedTable(rejected: readonly RejectedOffer[], terminal: Pick<Terminal, 'table'>): string[] {
  return terminal.table(rejected, [
    { title: 'step', value: (one) => one.stepId, flexible: true },
    { title: 'model', value: (one) => one.offer.modelName },
    { title: 'edge', value: (one) => one.offer.edgeName },
    { title: 'total', value: (one) => (one.totalSeconds === null ? '-' : formatSeconds(one.totalSeconds)), align: 'right' },
    { title: 'why not', value: (one) => one.detail, flexible: true },
  ]);
}
