import type { Modality, TaskView } from '@atelier/protocol';
import { chainInputs, isFurther } from './chain-inputs.ts';
import { byName, type Draft, portModalities } from './draft.ts';

export type Fit = { readonly fits: true } | { readonly fits: false; readonly reason: string };

/** What flows once the draft ran: its inputs and everything its steps make. */
function available(draft: Draft, tasks: readonly TaskView[]): Set<Modality> {
  const made = draft.steps.flatMap((step) => portModalities(byName(tasks, step.task)?.outputs));
  const given = Object.values(chainInputs(draft, tasks)).map((input) => input.modality);
  return new Set([...given, ...made]);
}

/**
 * Whether a task can follow the draft: each of its required ports must find its modality before it. A first step reads the
 * chain's own inputs, and so does a further port of a modality, such as a mask.
 */
export function fit(draft: Draft, task: TaskView, tasks: readonly TaskView[]): Fit {
  if (draft.steps.length === 0) return { fits: true };
  const flows = available(draft, tasks);
  const missing = Object.entries(task.inputs).find(([name, port]) => port.required && !flows.has(port.modality) && !isFurther(task, name))?.[1];
  if (!missing) return { fits: true };
  const bridge = tasks.find(
    (other) =>
      portModalities(other.outputs).includes(missing.modality) &&
      Object.values(other.inputs).every((port) => !port.required || flows.has(port.modality)) &&
      other.name !== task.name,
  );
  const advice = bridge ? ` Add ${bridge.title} first.` : '';
  return { fits: false, reason: `Needs ${article(missing.modality)}, which nothing before it makes.${advice}` };
}

const articles: Record<Modality, string> = {
  text: 'a text',
  image: 'an image',
  audio: 'a recording',
  video: 'a video',
  signal: 'a signal',
  tensor: 'a tensor',
};

export const article = (modality: Modality) => articles[modality];
