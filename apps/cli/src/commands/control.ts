import { AtelierError, StepName, type TaskView } from '@atelier/protocol';
import type { Command } from 'commander';
import { controlsOf } from '../run/chain-argument.ts';
import { runId } from '../run/run-id.ts';
import { parseValue } from '../run/settings-text.ts';
import type { StudioOptions } from '../studio.ts';
import { studioCommand, withStudio } from './studio-command.ts';

interface ControlFlags extends StudioOptions {
  readonly number?: string;
}

/** Tells a running step something that its task takes. */
export function controlCommand(): Command {
  return studioCommand('control')
    .description('Tells a running step something that its task takes: atelier run TASK --help shows what.')
    .argument('<run>')
    .argument('<step>')
    .argument('<kind>')
    .argument('[value...]', 'NAME=VALUE, as often as needed, or one JSON object')
    .option('--number <number>', 'which control of the step it is, so that the same command can be given again')
    .action(
      withStudio<ControlFlags>(async ({ client, terminal }, flags, [run, step, kind, ...texts]) => {
        const id = runId(run);
        const stepId = StepName.parse(step);
        const number = flags.number === undefined ? undefined : Number(flags.number);
        if (number !== undefined && !(Number.isInteger(number) && number > 0)) throw new AtelierError('invalid-input', '--number is a whole number from 1 on.');
        const [{ chain }, views] = await Promise.all([client.api.runs.get({ id }), client.api.tasks()]);
        const task = chain.steps.find((one) => one.id === stepId)?.task;
        const value = readValue(texts, task, kind as string, views);
        const control = await client.api.runs.control({ id, stepId, kind: kind as string, value, ...(number !== undefined && { number }) });
        terminal.answer(control, () => [`${stepId} was told: control ${control.number}, ${control.kind} ${JSON.stringify(control.value)}.`]);
        return 0;
      }),
    );
}

/** @throws AtelierError `invalid-input` */
function readValue(texts: readonly string[], task: string | undefined, kind: string, views: readonly TaskView[]): Record<string, unknown> {
  const [first = ''] = texts;
  if (first.trim().startsWith('{')) return jsonObject(texts.join(' '));
  const schemas = task === undefined ? {} : (controlsOf(task, views)[kind] ?? {});
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=');
      if (at <= 0)
        throw new AtelierError('invalid-input', `"${text}" is not NAME=VALUE.`, { hint: `For example: size=12. Or one JSON object: '{"size": 12}'.` });
      const name = text.slice(0, at).trim();
      return [name, parseValue(name, text.slice(at + 1), schemas[name])];
    }),
  );
}

function jsonObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new AtelierError('invalid-input', 'The value is no JSON object.', { hint: `For example: '{"size": 12}', or size=12.` });
}
