import type { RecipeDocument, Source } from '@atelier/protocol';

/** One thing of how two results were made. A value that one of them does not have is undefined. */
export interface Compared {
  /** The step, as the first of them that has it calls it; null for an input of the chain. */
  readonly stepId: string | null;
  /** The task of that step. */
  readonly task: string | null;
  /** The name of the input, port or parameter; `model` and `task` for those of the step. */
  readonly name: string;
  /** Whether it is what a port of the step reads. */
  readonly port: boolean;
  readonly one: unknown;
  readonly other: unknown;
  readonly differs: boolean;
}

type Step = RecipeDocument['chain']['steps'][number];

/** Inputs, steps, models and parameters of two recipes beside each other, in the order of the chain. */
export function compareRecipes(one: RecipeDocument, other: RecipeDocument): Compared[] {
  const inputs = union(Object.keys(one.inputs), Object.keys(other.inputs)).map((name) =>
    row(null, null, name, inputValue(one.inputs[name]), inputValue(other.inputs[name])),
  );
  const both = pairs(one.chain.steps, other.chain.steps);
  const called = new Map(both.flatMap(([first, second]) => (first && second ? [[second.id, first.id] as const] : [])));
  return [...inputs, ...both.flatMap(([first, second]) => [...stepRows(one, first, other, second), ...wireRows(first, second, called)])];
}

const union = (first: readonly string[], second: readonly string[]) => [...new Set([...first, ...second])];

function row(stepId: string | null, task: string | null, name: string, one: unknown, other: unknown, port = false): Compared {
  return { stepId, task, name, port, one, other, differs: JSON.stringify(one) !== JSON.stringify(other) };
}

/** A text as it is, a file by its hash. */
const inputValue = (input: RecipeDocument['inputs'][string] | undefined) => (input && 'text' in input ? input.text : input?.hash);

/** Steps that do the same in both: of one name and task, else the next one of the task. What only one of them has stands alone. */
function pairs(first: readonly Step[], second: readonly Step[]): Array<[Step | undefined, Step | undefined]> {
  const left = [...second];
  const take = (fits: (step: Step) => boolean) => {
    const at = left.findIndex(fits);
    return at < 0 ? undefined : left.splice(at, 1)[0];
  };
  const named = new Map(first.map((step) => [step, take(({ id, task }) => id === step.id && task === step.task)]));
  const both = first.map((step): [Step, Step | undefined] => [step, named.get(step) ?? take(({ task }) => task === step.task)]);
  return [...both, ...left.map((step): [undefined, Step] => [undefined, step])];
}

function stepRows(one: RecipeDocument, first: Step | undefined, other: RecipeDocument, second: Step | undefined): Compared[] {
  const { id = null, task = null } = first ?? second ?? {};
  const parameters = union(Object.keys(first?.parameters ?? {}), Object.keys(second?.parameters ?? {}));
  const [a, b] = [modelOf(one, first), modelOf(other, second)];
  // Two machines may have different files by the same name.
  const differ = a?.modelId === b?.modelId && a?.modelHash !== b?.modelHash;
  const named = (model: typeof a) => model && (differ ? `${model.modelId}, files ${model.modelHash.slice(0, 12)}` : model.modelId);
  return [
    row(id, task, 'task', first?.task, second?.task),
    row(id, task, 'model', named(a), named(b)),
    ...parameters.map((name) => row(id, task, name, first?.parameters[name], second?.parameters[name])),
  ];
}

/**
 * What the ports of a step read, in the words of a chain: `inputs.prompt`, `draw.image`, or a text.
 * @param called the names that steps of the second recipe have in the first
 */
function wireRows(first: Step | undefined, second: Step | undefined, called: ReadonlyMap<string, string>): Compared[] {
  const { id = null, task = null } = first ?? second ?? {};
  const renamed = (source: Source) => {
    const [step = '', port] = typeof source === 'string' ? source.split('.') : [];
    return typeof source === 'string' ? `${called.get(step) ?? step}.${port}` : source.text;
  };
  const read = (sources: readonly Source[] | undefined, write: (source: Source) => string) => sources?.map(write).join(', ');
  const written = (source: Source) => (typeof source === 'string' ? source : source.text);
  return union(Object.keys(first?.inputs ?? {}), Object.keys(second?.inputs ?? {})).map((port) =>
    row(id, task, port, read(first?.inputs[port], written), read(second?.inputs[port], renamed), true),
  );
}

const modelOf = ({ modelHashes }: RecipeDocument, step: Step | undefined) => step && modelHashes[step.id];
