import { AtelierError, type DisagreementView, type DoubleChecksView, limits } from '@atelier/protocol';
import { Command } from 'commander';
import { formatAgo } from '../terminal/format.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { studioCommand, withStudio } from './studio-command.ts';

export function checksCommand(): Command {
  const checks = new Command('checks')
    .summary('let machines check results of each other, and see where they differ')
    .description('Lets a share of results be computed once more by another machine like it, and shows where the two differ. Off at first.');
  checks.addCommand(listCommand(), { isDefault: true });
  checks.addCommand(shareCommand());
  checks.addCommand(dismissCommand());
  return checks;
}

function listCommand(): Command {
  return studioCommand('list')
    .description('Shows the share that is computed twice, and disagreements that wait for you.')
    .action(
      withStudio(async ({ client, terminal }) => {
        const view = await client.api.doubleChecks.get();
        terminal.answer(view, () => viewLines(view, terminal));
        return 0;
      }),
    );
}

function shareCommand(): Command {
  return studioCommand('share')
    .description('Sets how many of 100 results are computed twice.')
    .argument('<percent>', 'a number from 0 to 100, or off')
    .action(
      withStudio(async ({ client, terminal }, _flags, [word]) => {
        const view = await client.api.doubleChecks.set({ percent: percentOf(word as string) });
        terminal.answer(view, () => [shareLine(view)]);
        return 0;
      }),
    );
}

function percentOf(word: string): number {
  const percent = word === 'off' ? 0 : /^[\d.]+%?$/.test(word) ? Number(word.replace('%', '')) : Number.NaN;
  if (percent >= 0 && percent <= 100) return percent;
  throw new AtelierError('invalid-input', `"${word}" is no share.`, { hint: 'Write a number from 0 to 100, or off.' });
}

function dismissCommand(): Command {
  return studioCommand('dismiss')
    .description('Dismisses a disagreement: the results of both machines may be used again.')
    .argument('<id>', 'as atelier checks shows it')
    .action(
      withStudio(async ({ client, terminal }, _flags, [id]) => {
        const view = await client.api.doubleChecks.dismiss({ id: id as string });
        terminal.answer(view, () => [`Dismissed. ${view.open === 0 ? 'None is left.' : `${view.open} left.`}`]);
        return 0;
      }),
    );
}

const shareLine = ({ percent }: DoubleChecksView) =>
  percent === 0
    ? 'No result is computed twice. Turn it on with: atelier checks share 5'
    : `${percent} % of results are computed twice, each when a machine like the first is idle.`;

function viewLines(view: DoubleChecksView, terminal: Terminal): string[] {
  const { paint } = terminal;
  const counts = terminal.table(view.edges, [
    { title: 'edge', value: ({ edgeName }) => edgeName },
    { title: 'came out the same', value: ({ compared }) => `${compared}`, align: 'right' },
  ]);
  const waiting =
    view.waiting > 0
      ? [paint.dim(view.waiting < limits.doubleChecksWaiting ? `${view.waiting} wait.` : `${view.waiting} wait, which is the most: others are left out.`)]
      : [];
  const full = view.open >= limits.openDisagreements ? [paint.bad('Nothing more is checked until some disagreements are decided.')] : [];
  const more = view.open > view.disagreements.length ? [paint.dim(`${view.open - view.disagreements.length} older ones are not listed.`)] : [];
  return [
    shareLine(view),
    ...waiting,
    ...(view.edges.length > 0 ? counts : []),
    ...view.disagreements.flatMap((one) => disagreementLines(one, terminal)),
    ...more,
    ...full,
  ];
}

function disagreementLines({ id, createdAt, task, modelId, stepId, shard, runId, maker, checker }: DisagreementView, { paint }: Terminal): string[] {
  const where = runId === null ? 'of a run that is deleted' : `of run ${runId}`;
  return [
    paint.bad(`${maker.edgeName} and ${checker.edgeName} differ: ${task} by ${modelId}, ${formatAgo(createdAt, Date.now())}`),
    paint.dim(`step ${stepId}, part ${shard + 1}, ${where}`),
    ...[maker, checker].map((side) => `${side.edgeName}: ${valuesText(side)} ${paint.dim(`(${[side.device, side.processor].filter(Boolean).join(', ')})`)}`),
    `atelier checks dismiss ${id}`,
    `atelier edges revoke ${maker.edgeName}, or ${checker.edgeName}`,
  ];
}

const valuesText = ({ values }: DisagreementView['maker']) =>
  Object.entries(values)
    .map(([port, hashes]) => `${port} ${hashes.map((hash) => hash.slice(0, 12)).join(' ')}`)
    .join(', ') || 'nothing';
