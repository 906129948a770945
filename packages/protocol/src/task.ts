import { z } from 'zod';
import type { DimensionsByName } from './dimensions.ts';
import { AtelierError } from './errors.ts';
import type { Modality } from './modality.ts';
import { checkedParameters } from './parameters.ts';

/** A named, typed input or output of a task. */
export interface Port {
  readonly modality: Modality;
  readonly required: boolean;
  /** A port with `many` gives or takes a list. Nothing fans out by itself: a port without it takes the first of several values. */
  readonly many: boolean;
  /** False for an output that the gallery does not list by itself, as the frames of a film. */
  readonly listed: boolean;
  readonly title: string;
  readonly description: string;
}

/** How a form shows a parameter; stands in the zod schema's metadata. */
export interface ParameterHint {
  readonly title: string;
  readonly description?: string;
  /** `seed` is drawn when a run is made and none was given. Without a control the schema decides: a range is a slider, an enum a select. */
  readonly control?: 'slider' | 'number' | 'textarea' | 'text' | 'select' | 'switch' | 'seed';
  readonly step?: number;
  /** Which side of an image it is. Forms then offer the proportions and sizes that the chosen model can draw (`pictureSide`, `pictureSizes`). */
  readonly side?: 'width' | 'height';
  /** Shown only on request. */
  readonly advanced?: boolean;
  readonly unit?: string;
  /** What forms call the choices of an enum; one without a label is called by its name. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** One kind of transformation with typed ports, named as Hugging Face pipelines name it. */
export interface TaskDeclaration {
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  /** What older systems call it, as in `Text to Image`; several tasks may not share one. */
  readonly seedWords: readonly string[];
  readonly inputs: Readonly<Record<string, Port>>;
  readonly outputs: Readonly<Record<string, Port>>;
  readonly parameters: z.ZodObject;
  /** What a running step of it can be told, by kind: a schema with hints and bounds for each, as for parameters. Its values travel with the run, so they should be small. */
  readonly controls: Readonly<Record<string, z.ZodObject>>;
  /** Whether its steps keep checkpoints, so that an attempt that follows a lost one goes on from the last. */
  readonly checkpoints: boolean;
  /**
   * How much work a step is (one shard of it, where it has several), in units that are proportional to its run time on one
   * model and edge, such as steps times pictures. The planner scales measured history with it. At least a tiny positive number.
   * A manifest's `prior` is for defaults and inputs of which nothing is known, which counts as an input of usual size.
   * @param inputs by port, as far as they are known
   */
  readonly work: (parameters: Record<string, unknown>, inputs: DimensionsByName) => number;
  /** How large its outputs will be, by port, as far as that can be told: the steps that read them have more or less work. */
  readonly dimensions: (parameters: Record<string, unknown>, inputs: DimensionsByName) => DimensionsByName;
  /** How a step is cut into shards that several edges may share; null for a task that is always done in one piece. */
  readonly shards: Sharding | null;
  /** What a search should find a result of this task by, besides the texts that it reads: prompts that stand in its parameters. */
  readonly caption: (parameters: Record<string, unknown>) => string;
  /** Looks at validated parameters as a whole, for what a schema of single fields cannot say. @throws AtelierError `invalid-input`, `parameter-out-of-bounds` */
  readonly check: (parameters: Record<string, unknown>) => void;
  /** What should be said about results that are right and yet not what was hoped for, such as a text without a word; null for all others. */
  readonly notice: (outputs: readonly MadeOutput[]) => string | null;
}

/** What a task's notice knows of an output. */
export interface MadeOutput {
  readonly port: string;
  readonly sizeBytes: number;
}

/** SHA-256 of the values of each bound port, in order. */
export type InputHashes = Readonly<Record<string, readonly string[]>>;

/**
 * A step in parts. Each shard is computed alone, on any edge that has the model, and must come out the same wherever that
 * is; its outputs stand in the order of the shards. All functions are pure and take validated parameters.
 */
export interface Sharding {
  /** At least 1. Known from the parameters alone, since a run is written before anything is computed. */
  count(parameters: Record<string, unknown>): number;
  /** Every shard's number once, in the order in which they are best begun. */
  order(parameters: Record<string, unknown>): readonly number[];
  /**
   * All that a shard's result depends on besides the model, as plain JSON. Two shards with the same key, of one run or of
   * several, have the same result: the result cache answers one with the other.
   * @param inputs SHA-256 of the values of each bound port, in order
   */
  key(parameters: Record<string, unknown>, shard: number, inputs: InputHashes): unknown;
  /** The parameters with which a step makes this shard and nothing else; left out if it means something only among the others. */
  alone?(parameters: Record<string, unknown>, shard: number): Record<string, unknown>;
}

type Defaults = Pick<TaskDeclaration, 'seedWords' | 'work' | 'dimensions' | 'shards' | 'caption' | 'check' | 'notice' | 'checkpoints'>;
type Kinds = TaskDeclaration['controls'];
type Draft<P extends z.ZodObject, C extends Kinds> = Omit<TaskDeclaration, keyof Defaults | 'parameters' | 'controls'> &
  Partial<Defaults> & { readonly parameters: P; readonly controls?: C };

/** Declares a task. The declaration alone gives API, CLI flags, card, planner's graph and reference page. */
export function defineTask<P extends z.ZodObject, C extends Kinds = Record<never, z.ZodObject>>(
  draft: Draft<P, C>,
): Omit<TaskDeclaration, 'controls'> & { readonly parameters: P; readonly controls: C } {
  return Object.freeze({
    seedWords: [],
    controls: {} as C,
    checkpoints: false,
    work: () => 1,
    dimensions: () => ({}),
    shards: null,
    caption: () => '',
    check: () => undefined,
    notice: () => null,
    ...draft,
  });
}

/** What a task's own schema makes of parameters: validated, and filled in with defaults. */
export type ParametersOf<T extends TaskDeclaration> = z.output<T['parameters']>;

/**
 * The parameters of a step in the types that its task declares.
 * @param step whose parameters were validated by its task (parseParameters)
 * @param tasks that the caller can do; of several, what they have in common can be read without asking which it is
 * @throws AtelierError `unknown-task` if the step is of another one
 */
export function parametersOf<T extends readonly TaskDeclaration[]>(
  step: { readonly task: TaskDeclaration; readonly parameters: Readonly<Record<string, unknown>> },
  ...tasks: T
): ParametersOf<T[number]> {
  if (tasks.some(({ name }) => name === step.task.name)) return step.parameters as ParametersOf<T[number]>;
  throw new AtelierError('unknown-task', `${step.task.name} is not done here, but ${tasks.map(({ name }) => name).join(', ')}.`, {
    hint: "Correct the tasks in the model's manifest.",
  });
}

/** How many shards a step has. */
export function shardCount(task: TaskDeclaration, parameters: Record<string, unknown>): number {
  return task.shards?.count(parameters) ?? 1;
}

/** The shards of a step in the order in which they are best begun. */
export function shardOrder(task: TaskDeclaration, parameters: Record<string, unknown>): readonly number[] {
  return task.shards?.order(parameters) ?? [0];
}

/** What a shard's result depends on besides the model: all parameters and inputs, where the task says nothing else. */
export function shardKey(task: TaskDeclaration, parameters: Record<string, unknown>, shard: number, inputs: InputHashes): unknown {
  return task.shards?.key(parameters, shard, inputs) ?? { ...parameters, inputs };
}

interface PortOptions {
  readonly required?: boolean;
  readonly many?: boolean;
  readonly listed?: boolean;
}

export function port(modality: Modality, title: string, description: string, options: PortOptions = {}): Port {
  return { modality, title, description, required: options.required ?? true, many: options.many ?? false, listed: options.listed ?? true };
}

/** A zod schema's hint for forms; the same object lands in the JSON Schema. */
export function hint<T extends z.ZodType>(schema: T, hints: ParameterHint): T {
  return schema.meta({ ...hints });
}

const greatestSeed = 0xffff_ffff;

/** What every way in says of a seed that is none. */
export const seedBounds = `a seed is a whole number from 0 to ${greatestSeed}`;

/** A seed wherever one is given: 32 bits. */
export const seedNumber = z.int(seedBounds).min(0, seedBounds).max(greatestSeed, seedBounds);

/** The seed of a task that draws at random, drawn when the run is made if it is not given. */
export const seed = hint(seedNumber.optional(), {
  title: 'Seed',
  description: 'The same seed gives the same result on the same machine. Left empty, one is drawn and kept with the run.',
  control: 'seed',
});

/** The names of parameters of a task that are seeds. */
export function seedParameters(task: TaskDeclaration): string[] {
  return Object.entries(task.parameters.shape)
    .filter(([, schema]) => (schema as z.ZodType).meta()?.control === 'seed')
    .map(([name]) => name);
}

/**
 * Validates parameters and fills in defaults.
 * @throws AtelierError `invalid-input` for an unknown name or a wrong type, `parameter-out-of-bounds` for a number or text out of bounds
 */
export function parseParameters(task: TaskDeclaration, given: Record<string, unknown>, where = task.name): Record<string, unknown> {
  const parameters = checkedParameters(task.parameters, given, {
    where,
    hint: `Look at the bounds with: atelier run ${task.name} --help, or GET /api/tasks.`,
  });
  task.check(parameters);
  return parameters;
}
