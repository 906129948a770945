import { Chain, ChainStep, type ResolvedChain, type ResolvedStep, readsFrom, type Source } from './chain.ts';
import { AtelierError } from './errors.ts';
import { StepName } from './ids.ts';
import type { Modality } from './modality.ts';
import { refuseStreams } from './stream.ts';
import { type Port, parseParameters, type TaskDeclaration } from './task.ts';
import { findTask, listTasks } from './tasks/index.ts';

interface Draft {
  readonly id: string;
  readonly task: TaskDeclaration;
  readonly written: ChainStep;
  readonly inputs: Record<string, Source[]>;
}

/**
 * Fills in everything that a chain leaves out: names of steps, defaults of parameters, and wires. A required port that
 * is not wired takes the nearest earlier output of its modality, or else an input of the chain. A further required port of the same
 * modality, such as a mask beside a picture, takes another input of the chain. An optional port is wired only by hand.
 * @throws AtelierError `invalid-input`, `unknown-task`, `modality-mismatch`, `parameter-out-of-bounds`; each says which step and what would fit
 */
export function resolveChain(given: unknown): ResolvedChain {
  const parsed = Chain.safeParse(given);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new AtelierError('invalid-input', `The chain is not valid: ${issue?.path.join('.') || 'chain'}: ${issue?.message}.`, {
      hint: 'A chain has inputs and steps; see docs/chains.md.',
      cause: parsed.error,
    });
  }
  const inputs = { ...parsed.data.inputs };
  const drafts: Draft[] = [];
  for (const step of parsed.data.steps) drafts.push(draft(typeof step === 'string' ? ChainStep.parse({ task: step }) : step, drafts));
  refuseStreams(
    parsed.data.streams ?? {},
    drafts.flatMap((step) => Object.values(step.inputs).flatMap((sources) => sources.map((source) => ({ stepId: step.id, source })))),
  );
  for (const [index, step] of drafts.entries()) wire(step, drafts.slice(0, index), drafts, inputs);
  const steps = inOrder(drafts.map(finish));
  return { name: parsed.data.name ?? steps.map((step) => findTask(step.task).title).join(' → '), inputs, steps };
}

function draft(written: ChainStep, earlier: readonly Draft[]): Draft {
  const task = findTask(written.task);
  const id = written.id ?? freeName(task.name, earlier);
  if (id === 'inputs' || id === 'streams' || !StepName.safeParse(id).success) throw new AtelierError('invalid-input', `"${id}" cannot be the name of a step.`);
  if (earlier.some((other) => other.id === id)) {
    throw new AtelierError('invalid-input', `Two steps are named "${id}".`, { hint: 'Give each step an id of its own.' });
  }
  for (const name of Object.keys(written.inputs)) {
    if (!task.inputs[name]) {
      throw new AtelierError('invalid-input', `${id}: ${task.name} has no input "${name}".`, { hint: `It has: ${Object.keys(task.inputs).join(', ')}.` });
    }
  }
  const inputs = Object.fromEntries(Object.entries(written.inputs).map(([name, source]) => [name, Array.isArray(source) ? source : [source]]));
  return { id, task, written, inputs };
}

function freeName(base: string, earlier: readonly Draft[]): string {
  let name = base;
  for (let count = 2; earlier.some((step) => step.id === name); count += 1) name = `${base}-${count}`;
  return name;
}

function wire(step: Draft, earlier: readonly Draft[], all: readonly Draft[], chainInputs: ResolvedChain['inputs']): void {
  for (const [name, port] of Object.entries(step.task.inputs)) {
    const sources = step.inputs[name];
    if (sources) {
      if (sources.length > 1 && !port.many) throw new AtelierError('invalid-input', `${step.id}.${name} takes one value, not ${sources.length}.`);
      for (const source of sources) checkSource(step, name, port, source, all, chainInputs);
    } else if (port.required) {
      step.inputs[name] = [defaultSource(step, name, port, earlier, chainInputs)];
    }
  }
}

function defaultSource(step: Draft, name: string, port: Port, earlier: readonly Draft[], chainInputs: ResolvedChain['inputs']): Source {
  const previous = earlier.at(-1);
  if (!previous || isFurther(step.task, name)) return chainInput(step, name, port, chainInputs);
  for (const candidate of [...earlier].reverse()) {
    const output = Object.entries(candidate.task.outputs).find(([, other]) => other.modality === port.modality);
    if (output) return `${candidate.id}.${output[0]}`;
  }
  const declared = declaredInput(step, name, port, chainInputs);
  if (declared) return declared;
  const made = Object.values(previous.task.outputs)[0]?.modality;
  throw mismatch(`${step.id} needs ${port.modality} for "${name}", but ${previous.id} makes ${made}`, made, port.modality);
}

/** Whether a task has a required port of the same modality before this one. */
function isFurther(task: TaskDeclaration, name: string): boolean {
  const ports = Object.entries(task.inputs);
  const at = ports.findIndex(([other]) => other === name);
  return ports.slice(0, at).some(([, other]) => other.required && other.modality === ports[at]?.[1].modality);
}

function chainInput(step: Draft, name: string, port: Port, chainInputs: ResolvedChain['inputs']): Source {
  const declared = declaredInput(step, name, port, chainInputs);
  if (declared) return declared;
  chainInputs[name] = { modality: port.modality, description: port.description };
  return `inputs.${name}`;
}

/** An input of the chain for a port: the one of its name, or else the first of its modality that is no other port's of the step. */
function declaredInput(step: Draft, name: string, port: Port, chainInputs: ResolvedChain['inputs']): Source | undefined {
  const taken = new Set(Object.values(step.inputs).flat());
  const free = Object.keys(chainInputs).filter((input) => chainInputs[input]?.modality === port.modality && !taken.has(`inputs.${input}`));
  const found = free.find((input) => input === name) ?? free.find((input) => !(input in step.task.inputs));
  return found === undefined ? undefined : `inputs.${found}`;
}

function checkSource(step: Draft, name: string, port: Port, source: Source, all: readonly Draft[], chainInputs: ResolvedChain['inputs']): void {
  const made = modalityOfSource(step, source, all, chainInputs);
  if (made !== port.modality) {
    throw mismatch(`${step.id}.${name} takes ${port.modality}, but ${typeof source === 'string' ? source : 'a written text'} is ${made}`, made, port.modality);
  }
}

function modalityOfSource(step: Draft, source: Source, all: readonly Draft[], chainInputs: ResolvedChain['inputs']): Modality {
  if (typeof source !== 'string') return 'text';
  const [from, name] = source.split('.') as [string, string];
  if (from === 'inputs') {
    const input = chainInputs[name];
    if (!input)
      throw new AtelierError('invalid-input', `${step.id} reads ${source}, but the chain declares no such input.`, {
        hint: `Add it under inputs, or use: ${Object.keys(chainInputs).join(', ') || 'none yet'}.`,
      });
    return input.modality;
  }
  const other = all.find((candidate) => candidate.id === from);
  const output = other?.task.outputs[name];
  if (!other)
    throw new AtelierError('invalid-input', `${step.id} reads ${source}, but no step is named "${from}".`, {
      hint: `Steps are: ${all.map((candidate) => candidate.id).join(', ')}.`,
    });
  if (!output)
    throw new AtelierError('invalid-input', `${step.id} reads ${source}, but ${other.task.name} makes no "${name}".`, {
      hint: `It makes: ${Object.keys(other.task.outputs).join(', ')}.`,
    });
  return output.modality;
}

function mismatch(message: string, from: Modality | undefined, to: Modality): AtelierError {
  const converting = listTasks().filter(
    (task) =>
      Object.values(task.inputs).some((input) => input.required && input.modality === from) &&
      Object.values(task.outputs).some((output) => output.modality === to),
  );
  const hint = converting.length
    ? `Put ${converting.map((task) => task.name).join(' or ')} between them: it makes ${to} from ${from}.`
    : `No task makes ${to} from ${from}; wire the input to another step or to an input of the chain.`;
  return new AtelierError('modality-mismatch', `${message}.`, { hint });
}

function finish(step: Draft): ResolvedStep {
  const { model, edge } = step.written;
  return {
    id: step.id,
    task: step.task.name,
    ...(model === undefined ? {} : { model }),
    ...(edge === undefined ? {} : { edge }),
    parameters: parseParameters(step.task, step.written.parameters, step.id),
    inputs: step.inputs,
  };
}

/** Kahn's algorithm; steps that are free at the same time keep the order in which they were written. */
function inOrder(steps: readonly ResolvedStep[]): ResolvedStep[] {
  const ordered: ResolvedStep[] = [];
  const waiting = [...steps];
  while (waiting.length > 0) {
    const index = waiting.findIndex((step) => readsFrom(step).every((name) => ordered.some((done) => done.id === name)));
    if (index < 0) {
      throw new AtelierError('invalid-input', `These steps wait for each other: ${waiting.map((step) => step.id).join(', ')}.`, {
        hint: 'A chain may not contain a circle.',
      });
    }
    ordered.push(...waiting.splice(index, 1));
  }
  return ordered;
}
