import { randomUUID } from 'node:crypto';
import type { AtelierClient } from '@atelier/client';
import { AtelierError, formatPlan, listTasks, type RunView, type TaskView } from '@atelier/protocol';
import type { Command } from 'commander';
import type { ExitCode } from '../exit-code.ts';
import { controlsOf, parametersOf, readChain, schemasOf } from '../run/chain-argument.ts';
import { followRun } from '../run/follow.ts';
import { readInputs, sendInputs } from '../run/inputs.ts';
import { interruptible } from '../run/interrupt.ts';
import { nameResults, saveResults } from '../run/save-results.ts';
import { describeBounds, type ParameterSchema, parseSettings } from '../run/settings-text.ts';
import { cacheLine } from '../run/shard-progress.ts';
import type { StudioOptions } from '../studio.ts';
import { createBars } from '../terminal/bars.ts';
import { formatBytes, formatSeconds, formatTable } from '../terminal/format.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { chainHelp } from './plan.ts';
import { collect, studioCommand, withStudio } from './studio-command.ts';

export interface FollowFlags extends StudioOptions {
  readonly out?: string;
  readonly cancelOnInterrupt?: boolean;
}

interface RunFlags extends FollowFlags {
  readonly input?: string[];
  readonly set?: string[];
  readonly detach?: boolean;
  readonly priority: string;
  readonly name?: string;
  readonly fresh?: boolean;
}

/** @param views tasks that only the studio knows may be among them; for --help */
export function runCommand(views: readonly TaskView[] = []): Command {
  return studioCommand('run')
    .summary('plan and run a chain')
    .description('Plans and runs a chain, shows how it goes, and leaves the results in a folder.')
    .argument('<chain>')
    .option('--input <value>', 'a file or a text; NAME=VALUE if there are several; - for the standard input', collect)
    .option('--set <step.parameter=value>', 'change a parameter; may be repeated', collect)
    .option('--out <folder>', 'leave every result here, named by its step, with a run.json')
    .option('--detach', 'start it and return at once')
    .option('--fresh', 'compute everything, without the result cache')
    .option('--priority <number>', 'runs of higher priority start first (-100 to 100)', '0')
    .option('--name <name>', 'a name for the run')
    .option('--cancel-on-interrupt', 'Ctrl-C cancels the run instead of leaving it')
    .addHelpText('after', ({ command }) => `${chainHelp}\n${parameterHelp(command, views)}`)
    .action(
      withStudio<RunFlags>(async ({ client, terminal }, flags, [argument]) => {
        const run = await createRun(client, terminal, flags, argument as string);
        if (flags.detach) {
          terminal.answer(run, () => [`Run ${run.id} has started.`, `Watch it: atelier runs watch ${run.id}`]);
          return 0;
        }
        return finishRun(client, terminal, flags, run);
      }),
    );
}

async function createRun(client: AtelierClient, terminal: Terminal, flags: RunFlags, argument: string): Promise<RunView> {
  const priority = Number(flags.priority);
  if (!Number.isInteger(priority) || Math.abs(priority) > 100) throw new AtelierError('invalid-input', '--priority is a number from -100 to 100.');
  const given = await readChain(argument, client);
  const views = given.resolved ? [] : await client.api.tasks();
  const set = parseSettings(flags.set ?? [], schemasOf(given, views));
  const inputs = await readInputs(flags.input ?? [], given.resolved && Object.keys(given.resolved.inputs));
  const bars = createBars(terminal);
  const sent = await sendInputs(client, inputs, (name, fraction) => bars.show(`upload ${name}`, fraction, '')).finally(() => bars.stop());
  const request = { chain: given.chain, inputs: sent, set, priority, fresh: flags.fresh === true, ...(flags.name === undefined ? {} : { name: flags.name }) };
  return client.api.runs.create(request, { context: { idempotencyKey: randomUUID() } });
}

/**
 * Follows a run to its end, or until Ctrl-C.
 * @returns the run as it ended, or the exit code where nobody waits for it any more
 */
export async function watchToEnd(client: AtelierClient, terminal: Terminal, flags: FollowFlags, run: RunView): Promise<RunView | ExitCode> {
  if (run.plan) terminal.note(`${formatPlan(run.plan)}, about ${formatSeconds(run.plan.totalSeconds)}`);
  const { result: ended, interruption } = await interruptible((signal) => followRun(client, run.id, terminal, signal), {
    runId: run.id,
    cancelFirst: flags.cancelOnInterrupt === true,
    cancel: async () => void (await client.api.runs.cancel({ id: run.id })),
    terminal,
  });
  if (interruption === 'cancelled') return 1;
  return ended ?? 0;
}

/** Follows a run to its end, saves its results and says what came of it. */
export async function finishRun(client: AtelierClient, terminal: Terminal, flags: FollowFlags, run: RunView): Promise<ExitCode> {
  const ended = await watchToEnd(client, terminal, flags, run);
  if (typeof ended === 'number') return ended;
  const results = flags.out === undefined ? nameResults(ended) : await saveResults(client, ended, flags.out);
  const texts = await textsOf(client, results);
  const files = results.map(({ output, ...about }) => ({ ...about, outputId: output.id }));
  terminal.answer({ ...ended, files }, () => [
    ...results.map((one) => resultLine(one, texts.get(one.file), flags.out, terminal)),
    ...endLines(ended, flags.out, terminal),
  ]);
  return ended.state === 'succeeded' ? 0 : 1;
}

async function textsOf(client: AtelierClient, results: ReturnType<typeof nameResults>): Promise<Map<string, string>> {
  const short = results.filter((one) => one.mediaType.startsWith('text/') && one.mediaType !== 'text/vtt' && one.sizeBytes < 20_000);
  return new Map(await Promise.all(short.map(async (one) => [one.file, (await (await client.download(one.output.id)).text()).trim()] as const)));
}

function resultLine(one: ReturnType<typeof nameResults>[number], text: string | undefined, out: string | undefined, { paint }: Terminal): string {
  const name = out === undefined ? one.file : `${out.replace(/\/$/, '')}/${one.file}`;
  return text === undefined ? `${name}  ${paint.dim(formatBytes(one.sizeBytes))}` : `${name}  ${paint.dim('"')}${text}${paint.dim('"')}`;
}

/** How a run ended, and what to do now. */
export function endLines(run: RunView, out: string | undefined, { paint }: Terminal): string[] {
  const took = run.startedAt && run.endedAt ? ` in ${formatSeconds((Date.parse(run.endedAt) - Date.parse(run.startedAt)) / 1000)}` : '';
  if (run.state === 'succeeded') {
    const done = `${paint.good('Done')}${took}${cachedWords(run)}.`;
    const notices = run.steps.flatMap((step) => (step.notice ? [`${step.id}: ${step.notice}`] : []));
    return [...notices, out === undefined ? `${done} Get the files: atelier runs get ${run.id} --out DIR` : done];
  }
  const failed = run.steps.find((step) => step.state === 'failed');
  const error = failed?.error ?? run.error;
  const lines = [
    `${paint.bad(run.state === 'cancelled' ? 'Cancelled' : 'Failed')}${took}${failed ? ` at ${failed.id}` : ''}${error ? `: ${error.message}` : '.'}`,
  ];
  if (error?.hint) lines.push(error.hint);
  if (run.state === 'failed') lines.push(`Its results are kept. Try the rest again: atelier runs continue ${run.id}`);
  return lines;
}

/** What the result cache answered, in a run that has succeeded. */
function cachedWords(run: RunView): string {
  const lines = run.steps.flatMap((step) => cacheLine(step) ?? []);
  if (lines.length === 0) return '';
  const isAll = run.steps.every((step) => step.reused || step.cached >= (step.shards?.total ?? 1));
  return isAll ? ', all of it from the cache; --fresh computes it again' : `, ${[...new Set(lines)].join(', ')}`;
}

/** The parameters of the task that stands on the command line before --help; how to see them where none does. */
function parameterHelp(command: Command, views: readonly TaskView[]): string {
  const words = process.argv.slice(2);
  const known = listTasks();
  const tasks = [...known, ...views.filter((view) => !known.some((task) => task.name === view.name))];
  const task = tasks.find((one) => words.includes(one.name) || command.args.includes(one.name));
  if (!task)
    return `\nParameters of one task: atelier run TASK --help. Tasks are:\n${tasks.map((one) => `  ${one.name.padEnd(30)} ${one.summary}`).join('\n')}`;
  return `\n${taskHelp(task.name, views)}`;
}

/** A task's parameters with bounds and defaults, advanced ones last. */
export function taskHelp(task: string, views: readonly TaskView[]): string {
  const parameters = Object.entries(parametersOf(task, views)).sort(([, a], [, b]) => Number(a.advanced === true) - Number(b.advanced === true));
  const columns = [
    { title: 'parameter', value: ([name]: (typeof parameters)[number]) => name },
    { title: 'values', value: ([, schema]: (typeof parameters)[number]) => describeBounds(schema), flexible: true },
    { title: '', value: ([, schema]: (typeof parameters)[number]) => schema.description ?? schema.title ?? '', flexible: true },
  ];
  return [
    `Parameters of ${task}, as --set ${task}.NAME=VALUE:`,
    ...formatTable(parameters, columns, process.stdout.columns ?? 200).map((line) => `  ${line}`),
    ...controlHelp(task, views),
  ].join('\n');
}

interface ControlRow {
  readonly kind: string;
  readonly name: string;
  readonly schema: ParameterSchema;
}

/** What a running step can be told; nothing for most tasks. */
function controlHelp(task: string, views: readonly TaskView[]): string[] {
  const rows = Object.entries(controlsOf(task, views)).flatMap(([kind, values]): ControlRow[] => {
    const named = Object.entries(values);
    return named.length > 0 ? named.map(([name, schema]) => ({ kind, name, schema })) : [{ kind, name: '', schema: {} }];
  });
  if (rows.length === 0) return [];
  const columns = [
    { title: 'control', value: ({ kind }: ControlRow) => kind },
    { title: 'value', value: ({ name }: ControlRow) => name },
    { title: 'values', value: ({ schema }: ControlRow) => describeBounds(schema), flexible: true },
    { title: '', value: ({ schema }: ControlRow) => schema.description ?? schema.title ?? '', flexible: true },
  ];
  return [
    '',
    'What a running step of it can be told, by atelier runs control RUN STEP CONTROL VALUE=...:',
    ...formatTable(rows, columns, process.stdout.columns ?? 200).map((line) => `  ${line}`),
  ];
}
