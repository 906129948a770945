import type { Chain, ChainInput, Modality, ResolvedChain, TaskView } from '@atelier/protocol';

/** A step of the composer. Wires stand only where they came with a pasted chain or an example. */
export interface DraftStep {
  readonly id: string;
  readonly task: string;
  readonly parameters: Record<string, unknown>;
  readonly model?: string;
  readonly edge?: string;
  readonly inputs?: Record<string, unknown>;
}

/** The chain that is being composed. */
export interface Draft {
  readonly name?: string;
  readonly inputs: Record<string, ChainInput>;
  readonly steps: readonly DraftStep[];
}

export const emptyDraft: Draft = { inputs: {}, steps: [] };

export type Fit = { readonly fits: true } | { readonly fits: false; readonly reason: string };

/** What flows once the draft ran: its inputs and everything its steps make. */
function available(draft: Draft, tasks: readonly TaskView[]): Set<Modality> {
  const made = draft.steps.flatMap((step) => portModalities(byName(tasks, step.task)?.outputs));
  const given = Object.values(chainInputs(draft, tasks)).map((input) => input.modality);
  return new Set([...given, ...made]);
}

/** Whether a task can follow the draft: each of its required ports must find its modality before it. A first step reads the chain's own inputs. */
export function fit(draft: Draft, task: TaskView, tasks: readonly TaskView[]): Fit {
  if (draft.steps.length === 0) return { fits: true };
  const flows = available(draft, tasks);
  const missing = Object.values(task.inputs).find((port) => port.required && !flows.has(port.modality));
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
  image: 'a picture',
  audio: 'a recording',
  video: 'a film',
  signal: 'a signal',
  tensor: 'a tensor',
};

export const article = (modality: Modality) => articles[modality];

/** The inputs of the chain: those it declares and those its steps need because nothing earlier makes them. */
export function chainInputs(draft: Draft, tasks: readonly TaskView[]): Record<string, ChainInput> {
  const inputs: Record<string, ChainInput> = { ...draft.inputs };
  const first = draft.steps[0];
  const task = first && byName(tasks, first.task);
  if (!first || !task) return inputs;
  for (const [name, port] of Object.entries(task.inputs)) {
    const wired = first.inputs?.[name] !== undefined;
    const found = Object.values(inputs).some((input) => input.modality === port.modality);
    if (port.required && !wired && !found) inputs[name] = { modality: port.modality, description: port.description };
  }
  return inputs;
}

/** The draft with a task at its end, under a name that is still free. */
export function append(draft: Draft, task: string): Draft {
  let id = task;
  for (let count = 2; draft.steps.some((step) => step.id === id); count += 1) id = `${task}-${count}`;
  return { ...draft, steps: [...draft.steps, { id, task, parameters: {} }] };
}

/** The draft without a step. Wires that read it are dropped, so that the next resolving wires them anew. */
export function without(draft: Draft, id: string): Draft {
  const steps = draft.steps
    .filter((step) => step.id !== id)
    .map((step) => {
      if (!step.inputs) return step;
      const kept = Object.entries(step.inputs).filter(([, source]) => ![source].flat().some((one) => typeof one === 'string' && one.startsWith(`${id}.`)));
      return { ...step, inputs: Object.fromEntries(kept) };
    });
  return steps.length === 0 ? emptyDraft : { ...draft, steps };
}

/** The draft with one parameter of one step set, or back at its default where the value is undefined. */
export function withParameter(draft: Draft, id: string, name: string, value: unknown): Draft {
  return {
    ...draft,
    steps: draft.steps.map((step) => {
      if (step.id !== id) return step;
      const { [name]: _, ...others } = step.parameters;
      return { ...step, parameters: value === undefined ? others : { ...others, [name]: value } };
    }),
  };
}

/**
 * A chain that the coordinator resolved, as a draft. Defaults are left out so that only what was chosen is
 * shown as changed, and so is a name that was only made of the tasks' titles, since the tasks may change.
 */
export function draftOf(chain: ResolvedChain, tasks: readonly TaskView[]): Draft {
  const unnamed = chain.name === chain.steps.map((step) => byName(tasks, step.task)?.title).join(' → ');
  return {
    ...(unnamed ? {} : { name: chain.name }),
    inputs: chain.inputs,
    steps: chain.steps.map((step) => {
      const properties = (byName(tasks, step.task)?.parameters.properties ?? {}) as Record<string, { default?: unknown }>;
      const chosen = Object.entries(step.parameters).filter(([name, value]) => JSON.stringify(properties[name]?.default) !== JSON.stringify(value));
      return { ...step, parameters: Object.fromEntries(chosen) };
    }),
  };
}

/** The draft as the API takes it. */
export function chainOf(draft: Draft): Chain {
  return {
    ...(draft.name === undefined ? {} : { name: draft.name }),
    inputs: draft.inputs,
    steps: draft.steps.map((step) => ({ ...step })) as Chain['steps'],
  };
}

/** The modality that a task is coloured by: that of its first output. */
export function makes(task: TaskView | undefined): Modality {
  return portModalities(task?.outputs)[0] ?? 'tensor';
}

export const byName = (tasks: readonly TaskView[], name: string) => tasks.find((task) => task.name === name);

const portModalities = (ports: TaskView['outputs'] | undefined): Modality[] => Object.values(ports ?? {}).map((port) => port.modality);
