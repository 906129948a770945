import type { ChainInput, Modality, TaskView } from '@atelier/protocol';
import { byName, type Draft, type DraftStep, portModalities } from './draft.ts';

/**
 * The inputs of the chain: those it declares and those its steps need because nothing earlier makes them. The same rule as
 * `resolveChain` of the protocol, over the tasks that the coordinator told, which may be more than this page was built with.
 */
export function chainInputs(draft: Draft, tasks: readonly TaskView[]): Record<string, ChainInput> {
  return boundInputs(draft, tasks).inputs;
}

/** Which port of which step an input of the chain goes to first. */
export interface InputUse {
  readonly step: DraftStep;
  readonly task: TaskView;
  readonly port: string;
}

/** Who reads an input of the chain, or undefined if nobody does. */
export function readerOfInput(draft: Draft, tasks: readonly TaskView[], input: string): InputUse | undefined {
  return boundInputs(draft, tasks).uses[input];
}

/** What a port of a step reads: what was written, or what the rule gives it. */
export interface Wire {
  readonly step: DraftStep;
  readonly port: string;
  /** `inputs.NAME` and `STEP.PORT`, in order; texts that are written in the chain are left out. */
  readonly sources: readonly string[];
}

/** All wires of the chain, those that nobody wrote too. Ports that read nothing have none. */
export const wiresOf = (draft: Draft, tasks: readonly TaskView[]): readonly Wire[] => boundInputs(draft, tasks).wires;

interface Bound {
  readonly wires: Wire[];
  readonly inputs: Record<string, ChainInput>;
  readonly uses: Record<string, InputUse>;
  /** What the steps so far make. */
  readonly made: Set<Modality>;
}

function boundInputs(draft: Draft, tasks: readonly TaskView[]): Bound {
  const bound: Bound = { inputs: { ...draft.inputs }, uses: {}, made: new Set(), wires: [] };
  for (const [index, step] of draft.steps.entries()) {
    const task = byName(tasks, step.task);
    if (!task) continue;
    const taken = new Set<unknown>(Object.values(step.inputs ?? {}).flat());
    const earlier = draft.steps.slice(0, index);
    for (const port of Object.keys(task.inputs)) bindPort(bound, { step, task, port }, { tasks, taken, earlier });
    for (const modality of portModalities(task.outputs)) bound.made.add(modality);
  }
  return bound;
}

interface Before {
  readonly tasks: readonly TaskView[];
  /** Sources of the same step that other ports have. */
  readonly taken: Set<unknown>;
  readonly earlier: readonly DraftStep[];
}

function bindPort(bound: Bound, use: InputUse, { tasks, taken, earlier }: Before): void {
  const { step, task, port } = use;
  const inputs = inputsOfPort(bound, use, taken, earlier.length === 0);
  for (const input of inputs) bound.uses[input] ??= use;
  const written = step.inputs?.[port];
  if (written !== undefined) {
    bound.wires.push({ step, port, sources: [written].flat().filter(isName) });
    return;
  }
  const nearest = inputs.length > 0 ? undefined : nearestOutput(earlier, tasks, task.inputs[port]);
  const sources = nearest === undefined ? inputs.map((input) => `inputs.${input}`) : [nearest];
  if (sources.length > 0) bound.wires.push({ step, port, sources });
}

const isName = (source: unknown): source is string => typeof source === 'string';

/** Where a required port without a wire takes its value from, among the steps before it: the nearest of its modality. */
function nearestOutput(earlier: readonly DraftStep[], tasks: readonly TaskView[], port: TaskView['inputs'][string] | undefined): string | undefined {
  if (!port?.required) return undefined;
  for (const step of earlier.toReversed()) {
    const output = Object.entries(byName(tasks, step.task)?.outputs ?? {}).find(([, one]) => one.modality === port.modality);
    if (output) return `${step.id}.${output[0]}`;
  }
  return undefined;
}

/** The inputs of the chain that a port reads, by its wires or by the rule; makes one if the rule asks for it. */
function inputsOfPort({ inputs, made }: Bound, { step, task, port }: InputUse, taken: Set<unknown>, first: boolean): string[] {
  const written = step.inputs?.[port];
  if (written !== undefined) return [written].flat().flatMap((source) => (typeof source === 'string' && source.startsWith('inputs.') ? [source.slice(7)] : []));
  const { required, modality, description } = task.inputs[port] as TaskView['inputs'][string];
  const opens = first || isFurther(task, port);
  if (!required || (made.has(modality) && !opens)) return [];
  const free = Object.keys(inputs).filter((name) => inputs[name]?.modality === modality && !taken.has(`inputs.${name}`));
  const found = free.find((name) => name === port) ?? free.find((name) => !(name in task.inputs));
  if (found === undefined && !opens) return [];
  const name = found ?? port;
  if (found === undefined) inputs[name] = { modality, description };
  taken.add(`inputs.${name}`);
  return [name];
}

/** Whether a task has a required port of the same modality before this one. */
export function isFurther(task: TaskView, name: string): boolean {
  const ports = Object.entries(task.inputs);
  const at = ports.findIndex(([other]) => other === name);
  return ports.slice(0, at).some(([, other]) => other.required && other.modality === ports[at]?.[1].modality);
}

/**
 * The draft with one more input beside `input`, for a port that takes many values.
 * @returns the draft and the new input's name
 */
export function withAnother(draft: Draft, tasks: readonly TaskView[], input: string): { draft: Draft; name: string } | undefined {
  const { inputs, uses } = boundInputs(draft, tasks);
  const use = uses[input];
  const like = inputs[input];
  if (!use || !like || !use.task.inputs[use.port]?.many) return undefined;
  const stem = input.replace(/\d+$/, '');
  let number = 2;
  while (`${stem}${number}` in inputs) number += 1;
  const name = `${stem}${number}`;
  const sources = [use.step.inputs?.[use.port] ?? `inputs.${input}`].flat();
  const wired = { ...use.step, inputs: { ...use.step.inputs, [use.port]: [...sources, `inputs.${name}`] } };
  const steps = draft.steps.map((step) => (step.id === use.step.id ? wired : step));
  return { draft: { ...draft, inputs: { ...inputs, [name]: like }, steps }, name };
}

/** The draft without an input that was added for a port with many values; the last one stays. */
export function withoutInput(draft: Draft, input: string): Draft {
  const { [input]: _, ...inputs } = draft.inputs;
  const steps = draft.steps.map((step) => {
    const ports = Object.entries(step.inputs ?? {}).map(([port, source]) => [
      port,
      Array.isArray(source) ? source.filter((one) => one !== `inputs.${input}`) : source,
    ]);
    return step.inputs ? { ...step, inputs: Object.fromEntries(ports) } : step;
  });
  return { ...draft, inputs, steps };
}

/** The input of the chain that another port of the same step reads; undefined if that port reads a step, or nothing. */
export function inputBeside(draft: Draft, tasks: readonly TaskView[], input: string, port: string): string | undefined {
  const { uses } = boundInputs(draft, tasks);
  const reader = uses[input];
  return reader && Object.keys(uses).find((name) => name !== input && uses[name]?.step.id === reader.step.id && uses[name]?.port === port);
}
