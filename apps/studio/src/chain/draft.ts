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

/** The draft with a task at its end, under a name that is still free. */
export function append(draft: Draft, task: string): Draft {
  let id = task;
  for (let count = 2; draft.steps.some((step) => step.id === id); count += 1) id = `${task}-${count}`;
  return { ...draft, steps: [...draft.steps, { id, task, parameters: {} }] };
}

/** The draft without a step. Wires that read it are dropped, so that the next resolving wires them again. */
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

/** The draft with parameters of one step set, or back at their defaults where the value is undefined. */
export function withParameters(draft: Draft, id: string, changes: Readonly<Record<string, unknown>>): Draft {
  return {
    ...draft,
    steps: draft.steps.map((step) => {
      if (step.id !== id) return step;
      const chosen = Object.entries({ ...step.parameters, ...changes }).filter(([, value]) => value !== undefined);
      return { ...step, parameters: Object.fromEntries(chosen) };
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

/** The draft with these steps free to run on any model. */
export function withoutModels(draft: Draft, steps: ReadonlySet<string>): Draft {
  return {
    ...draft,
    steps: draft.steps.map((step) => {
      const { model: _, ...free } = step;
      return steps.has(step.id) ? free : step;
    }),
  };
}

/** The draft with a step free to run on any machine. */
export function withoutEdge(draft: Draft, id: string): Draft {
  return {
    ...draft,
    steps: draft.steps.map((step) => {
      const { edge: _, ...free } = step;
      return step.id === id ? free : step;
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

/** The modalities of ports, in their order. */
export const portModalities = (ports: TaskView['outputs'] | undefined): Modality[] => Object.values(ports ?? {}).map((port) => port.modality);
