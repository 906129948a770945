import { AtelierError, type ControlView, type RunId, RunState, type RunSummary, type RunView, type StepView } from '@atelier/protocol';
import { Command } from 'commander';
import { schemasOf } from '../run/chain-argument.ts';
import { runId } from '../run/run-id.ts';
import { saveResults } from '../run/save-results.ts';
import { parseSettings } from '../run/settings-text.ts';
import { cacheLine, machinesOf } from '../run/shard-progress.ts';
import type { StudioOptions } from '../studio.ts';
import { formatAgo, formatBytes, formatSeconds } from '../terminal/format.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { controlCommand } from './control.ts';
import { type FollowFlags, finishRun } from './run.ts';
import { collect, type Session, studioCommand, withStudio } from './studio-command.ts';

export function runsCommand(): Command {
  const runs = new Command('runs').summary('list, watch, stop and repeat runs').description('Lists runs, and watches, stops, continues and repeats them.');
  runs.addCommand(listCommand(), { isDefault: true });
  runs.addCommand(showCommand());
  runs.addCommand(watchCommand());
  runs.addCommand(changeCommand('cancel', 'stop a run; what it made is kept'));
  runs.addCommand(changeCommand('pause', 'start no further steps of a run'));
  runs.addCommand(changeCommand('resume', 'go on after a pause'));
  runs.addCommand(changeCommand('continue', 'try the failed steps of a failed run again'));
  runs.addCommand(controlCommand());
  runs.addCommand(againCommand());
  runs.addCommand(getCommand());
  return runs;
}

interface ListFlags extends StudioOptions {
  readonly limit: string;
  readonly state?: string;
}

function listCommand(): Command {
  return studioCommand('list')
    .description('Lists runs, newest first.')
    .option('--limit <number>', 'at most so many (1 to 200)', '20')
    .option('--state <state>', `only these: ${RunState.options.join(', ')}`)
    .action(
      withStudio<ListFlags>(async ({ client, terminal }, { limit, state }) => {
        const wanted = state === undefined ? undefined : RunState.safeParse(state);
        if (wanted?.success === false)
          throw new AtelierError('invalid-input', `"${state}" is not a state of a run.`, { hint: `States are: ${RunState.options.join(', ')}.` });
        const runs = await client.api.runs.list({ limit: Number(limit), ...(wanted ? { state: wanted.data } : {}) });
        terminal.answer(runs, () =>
          runs.length === 0 ? ['No runs yet. Start one: atelier run text-to-image --input "a red apple"'] : runTable(runs, terminal),
        );
        return 0;
      }),
    );
}

function runTable(runs: readonly RunSummary[], terminal: Terminal): string[] {
  const now = Date.now();
  return terminal.table(runs, [
    { title: 'run', value: (run) => run.id },
    { title: 'state', value: (run) => run.state },
    { title: 'steps', value: (run) => `${run.steps.filter((step) => step.state === 'succeeded').length}/${run.steps.length}`, align: 'right' },
    { title: 'began', value: (run) => formatAgo(run.createdAt, now) },
    {
      title: 'took',
      value: (run) => (run.startedAt && run.endedAt ? formatSeconds((Date.parse(run.endedAt) - Date.parse(run.startedAt)) / 1000) : ''),
      align: 'right',
    },
    { title: 'name', value: (run) => run.name, flexible: true },
  ]);
}

function showCommand(): Command {
  return studioCommand('show')
    .description('Shows one run: its steps, where they ran, and what they made.')
    .argument('<run>')
    .action(
      withStudio(async ({ client, terminal }, _flags, [word]) => {
        const run = await client.api.runs.get({ id: runId(word) });
        terminal.answer(run, () => runLines(run, terminal));
        return 0;
      }),
    );
}

/** More results than fit on a line are counted. */
function resultWords({ outputs }: StepView): string {
  if (outputs.length > 4) return `${outputs.length} x ${outputs[0]?.mediaType}`;
  return outputs.map((output) => `${output.mediaType} ${formatBytes(output.sizeBytes)}`).join(', ');
}

/** The state, and how far it is where the step is in parts, or that the cache had the answer. */
function stepState(step: StepView): string {
  if (step.shards && step.shards.total > 1 && step.state !== 'succeeded') return `${step.state} ${step.shards.done}/${step.shards.total}`;
  const cached = step.state === 'succeeded' ? cacheLine(step) : undefined;
  return cached === undefined ? step.state : `${step.state}, ${cached}`;
}

function runLines(run: RunView, terminal: Terminal): string[] {
  const steps = terminal.table(run.steps, [
    { title: 'step', value: (step) => step.id },
    { title: 'state', value: (step) => (step.reused ? `${step.state} before` : stepState(step)) },
    { title: 'model', value: (step) => step.offer?.modelName ?? '' },
    { title: 'edge', value: machinesOf },
    { title: 'attempts', value: (step) => String(step.attempts.length), align: 'right' },
    {
      title: 'took',
      value: (step) => (step.startedAt && step.endedAt ? formatSeconds((Date.parse(step.endedAt) - Date.parse(step.startedAt)) / 1000) : ''),
      align: 'right',
    },
    {
      title: 'results',
      value: (step) => resultWords(step) || (step.error?.message ?? ''),
      flexible: true,
    },
  ]);
  const told = run.steps.flatMap(({ id, controls }) =>
    controls ? [`${id}  ${controls.total} ${controls.total === 1 ? 'control' : 'controls'}: ${controlWords(controls.newest)}`] : [],
  );
  const error = run.error ? [`${terminal.paint.bad(run.error.message)}${run.error.hint ? ` ${run.error.hint}` : ''}`] : [];
  return [`${terminal.paint.bold(run.name)}  ${run.state}`, ...steps, ...told, ...error];
}

/** The last few that the step was told, and where they took effect. */
function controlWords(controls: readonly ControlView[]): string {
  const place = ({ state, at }: ControlView) => (state === 'applied' ? `at ${[...new Set(at.map(({ position }) => position))].join(' and ')}` : state);
  return controls
    .slice(-3)
    .map((control) => `${control.kind} ${JSON.stringify(control.value)} ${place(control)}`)
    .join(', ');
}

function watchCommand(): Command {
  return studioCommand('watch')
    .description('Watches a run until it has ended. With --json, prints its events as JSON, one a line.')
    .argument('<run>')
    .option('--out <folder>', 'leave every result here when it has ended')
    .option('--cancel-on-interrupt', 'Ctrl-C cancels the run instead of leaving it')
    .action(
      withStudio<FollowFlags>(async (session, flags, [word]) => {
        const id = runId(word);
        if (flags.json) return printEvents(session, id);
        return finishRun(session.client, session.terminal, flags, await session.client.api.runs.get({ id }));
      }),
    );
}

async function printEvents({ client, terminal }: Session, id: RunId): Promise<0 | 1> {
  let state: string | undefined;
  for await (const event of client.watchRun(id)) {
    terminal.print(JSON.stringify(event));
    if (event.kind === 'ended') state = event.state;
    else if (event.kind === 'snapshot' || event.kind === 'run') state = event.run.state;
  }
  return state === 'succeeded' ? 0 : 1;
}

function changeCommand(change: 'cancel' | 'pause' | 'resume' | 'continue', description: string): Command {
  return studioCommand(change)
    .description(`${description[0]?.toUpperCase()}${description.slice(1)}.`)
    .argument('<run>')
    .action(
      withStudio(async ({ client, terminal }, _flags, [word]) => {
        const run = await client.api.runs[change]({ id: runId(word) });
        terminal.answer(run, () => [`Run ${run.id} is ${run.state}.`]);
        return 0;
      }),
    );
}

interface AgainFlags extends FollowFlags {
  readonly seed: string;
  readonly from?: string;
  readonly set?: string[];
  readonly fresh?: boolean;
  readonly detach?: boolean;
}

function againCommand(): Command {
  return studioCommand('again')
    .description('Runs a run again, whole or from a step on.')
    .argument('<run>')
    .option('--seed <same|new>', 'keep every seed, or draw new ones', 'same')
    .option('--from <step>', 'run again from this step; earlier results are kept')
    .option('--set <step.parameter=value>', 'change a parameter; may be repeated', collect)
    .option('--fresh', 'compute everything, without the result cache')
    .option('--out <folder>', 'leave every result here, with a run.json')
    .option('--detach', 'start it and return at once')
    .option('--cancel-on-interrupt', 'Ctrl-C cancels the run instead of leaving it')
    .action(
      withStudio<AgainFlags>(async ({ client, terminal }, flags, [word]) => {
        if (flags.seed !== 'same' && flags.seed !== 'new') throw new AtelierError('invalid-input', '--seed is same or new.');
        const id = runId(word);
        const set = await settingsFor(client, id, flags.set ?? []);
        const run = await client.api.runs.again({
          id,
          seed: flags.seed,
          set,
          fresh: flags.fresh === true,
          ...(flags.from === undefined ? {} : { fromStep: flags.from }),
        });
        if (!flags.detach) return finishRun(client, terminal, flags, run);
        terminal.answer(run, () => [`Run ${run.id} has started.`, `Watch it: atelier runs watch ${run.id}`]);
        return 0;
      }),
    );
}

async function settingsFor(client: Session['client'], id: RunId, texts: readonly string[]): Promise<Record<string, unknown>> {
  if (texts.length === 0) return {};
  const [{ chain }, views] = await Promise.all([client.api.runs.get({ id }), client.api.tasks()]);
  return parseSettings(texts, schemasOf({ chain, resolved: chain }, views));
}

interface GetFlags extends StudioOptions {
  readonly out: string;
}

function getCommand(): Command {
  return studioCommand('get')
    .description('Downloads every result of a run, named by its step, with a run.json.')
    .argument('<run>')
    .option('--out <folder>', 'where to', '.')
    .action(
      withStudio<GetFlags>(async ({ client, terminal }, { out }, [word]) => {
        const run = await client.api.runs.get({ id: runId(word) });
        const results = await saveResults(client, run, out);
        terminal.answer(
          results.map(({ output: _, ...about }) => about),
          () => results.map((one) => `${out}/${one.file}  ${formatBytes(one.sizeBytes)}`),
        );
        return 0;
      }),
    );
}
