import type { RunView, StepView, TaskView } from '@atelier/protocol';
import type { client } from '../api/client.ts';
import { fieldsOf } from '../form/fields.ts';

type Again = Parameters<typeof client.runs.again>[0];

/** Only what differs is sent. An emptied seed asks for new ones; any other emptied parameter goes back to its default, or is left out. */
export function againRequest(run: Pick<RunView, 'id'>, step: Pick<StepView, 'id' | 'parameters'>, task: TaskView, values: Record<string, unknown>): Again {
  const set: Record<string, unknown> = {};
  let seed: 'same' | 'new' = 'same';
  for (const field of fieldsOf(task.parameters)) {
    const value = values[field.name];
    if (JSON.stringify(value) === JSON.stringify(step.parameters[field.name])) continue;
    if (field.kind === 'seed' && value === undefined) seed = 'new';
    else set[`${step.id}.${field.name}`] = value ?? field.standard ?? null;
  }
  return { id: run.id, fromStep: step.id, seed, set };
}
