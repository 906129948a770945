import type { TaskView } from '@atelier/protocol';
import { chainInputs, wiresOf } from './chain-inputs.ts';
import { append, byName, type Draft, type DraftStep } from './draft.ts';
import type { GraphNode } from './lanes.ts';

/** One place that a port can take its value from. */
export interface SourceChoice {
  /** `inputs.NAME` or `STEP.PORT`. */
  readonly source: string;
  readonly label: string;
}

/** All that a port may read: inputs of the chain of its modality, and what earlier steps make of it. */
export function sourceChoices(draft: Draft, tasks: readonly TaskView[], step: DraftStep, port: string): SourceChoice[] {
  const modality = byName(tasks, step.task)?.inputs[port]?.modality;
  const inputs = Object.entries(chainInputs(draft, tasks)).filter(([, input]) => input.modality === modality);
  const earlier = draft.steps.slice(0, draft.steps.indexOf(step));
  const made = earlier.flatMap((one) => {
    const outputs = Object.entries(byName(tasks, one.task)?.outputs ?? {}).filter(([, output]) => output.modality === modality);
    return outputs.map(([name, output], index) => ({
      source: `${one.id}.${name}`,
      label: index === 0 ? stepTitle(draft, tasks, one) : `${stepTitle(draft, tasks, one)}: ${output.title}`,
    }));
  });
  return [...inputs.map(([name]) => ({ source: `inputs.${name}`, label: `Input ${name}` })), ...made];
}

/** A step's title, with its number where another has the same. */
export function stepTitle(draft: Draft, tasks: readonly TaskView[], step: DraftStep): string {
  const alike = draft.steps.filter((other) => other.task === step.task);
  const title = byName(tasks, step.task)?.title ?? step.id;
  return alike.length > 1 ? `${title} ${alike.indexOf(step) + 1}` : title;
}

/**
 * The draft with a port wired by hand, or left to the rule. An input of the chain that nobody reads from then on goes.
 * @param sources undefined leaves it to the rule
 */
export function withWire(draft: Draft, tasks: readonly TaskView[], at: { id: string; port: string }, sources: readonly unknown[] | undefined): Draft {
  const known = chainInputs(draft, tasks);
  const steps = draft.steps.map((step) => {
    if (step.id !== at.id) return step;
    const { [at.port]: _, ...others } = step.inputs ?? {};
    return { ...step, inputs: sources === undefined ? others : { ...others, [at.port]: sources.length === 1 ? sources[0] : sources } };
  });
  // Inputs that only the rule made are declared, so that no other step takes one for its own.
  return withoutUnread(draft, { ...draft, steps, inputs: { ...draft.inputs, ...known } }, tasks);
}

/** A draft after a change, without the inputs of the chain that were read before it and are not any more. */
export function withoutUnread(before: Draft, after: Draft, tasks: readonly TaskView[]): Draft {
  const [had, has] = [readInputs(before, tasks), readInputs(after, tasks)];
  return { ...after, inputs: Object.fromEntries(Object.entries(after.inputs).filter(([name]) => has.has(name) || !had.has(name))) };
}

/** The draft with one more input of the chain for a port. */
export function withNewInput(draft: Draft, tasks: readonly TaskView[], at: { id: string; port: string }): Draft {
  const port = byName(tasks, draft.steps.find((step) => step.id === at.id)?.task ?? '')?.inputs[at.port];
  if (!port) return draft;
  const known = chainInputs(draft, tasks);
  let name = at.port;
  for (let number = 2; name in known; number += 1) name = `${at.port}${number}`;
  const grown = { ...draft, inputs: { ...known, [name]: { modality: port.modality, description: port.description } } };
  return withWire(grown, tasks, at, [`inputs.${name}`]);
}

/** The draft with a step that reads what another makes, whatever stands between them: a branch. */
export function withBranch(draft: Draft, tasks: readonly TaskView[], from: string, task: string): Draft {
  const wire = branchWire(draft, tasks, from, task);
  const grown = append(draft, task);
  const added = grown.steps.at(-1);
  if (!wire || !added) return draft;
  return { ...grown, steps: [...draft.steps, { ...added, inputs: { [wire.port]: wire.source } }] };
}

/** Which port of a task would read a step, or undefined if none can. */
export function branchWire(draft: Draft, tasks: readonly TaskView[], from: string, task: string): { port: string; source: string } | undefined {
  const outputs = Object.entries(byName(tasks, draft.steps.find((step) => step.id === from)?.task ?? '')?.outputs ?? {});
  for (const [port, { required, modality }] of Object.entries(byName(tasks, task)?.inputs ?? {})) {
    const output = outputs.find(([, one]) => one.modality === modality);
    if (required && output) return { port, source: `${from}.${output[0]}` };
  }
  return undefined;
}

const readInputs = (draft: Draft, tasks: readonly TaskView[]) =>
  new Set(wiresOf(draft, tasks).flatMap(({ sources }) => sources.flatMap((source) => (source.startsWith('inputs.') ? [source.slice(7)] : []))));

/** A step of a graph, and where its ports take their values from. */
export interface Reader {
  readonly id: string;
  readonly sources: readonly string[];
}

/** Steps and the inputs of the chain, each after what it reads; an input stands before the first step that reads it. */
export function graphOf(readers: readonly Reader[]): GraphNode[] {
  const nodes: GraphNode[] = [];
  const has = (id: string) => nodes.some((node) => node.id === id);
  const isStep = (id: string) => readers.some((reader) => reader.id === id);
  const waiting = [...readers];
  while (waiting.length > 0) {
    const free = waiting.findIndex(({ sources }) => sources.every((source) => !isStep(nodeOf(source)) || has(nodeOf(source))));
    const [reader] = waiting.splice(Math.max(0, free), 1) as [Reader];
    const reads = [...new Set(reader.sources.map(nodeOf))];
    for (const input of reads.filter((id) => id.startsWith('inputs.') && !has(id))) nodes.push({ id: input, reads: [] });
    nodes.push({ id: reader.id, reads });
  }
  return nodes;
}

/** Whose value a source is: `inputs.NAME`, or the step. */
const nodeOf = (source: string) => (source.startsWith('inputs.') ? source : (source.split('.')[0] ?? source));

/** The readers of a chain that is composed. */
export function readersOf(draft: Draft, tasks: readonly TaskView[]): Reader[] {
  const wires = wiresOf(draft, tasks);
  return draft.steps.map(({ id }) => ({ id, sources: wires.filter((wire) => wire.step.id === id).flatMap((wire) => wire.sources) }));
}
