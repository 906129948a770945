import { z } from 'zod';
import { AtelierError } from './errors.ts';
import { StepName } from './ids.ts';
import { limits } from './limits.ts';
import { refusal } from './refusal.ts';
import type { TaskDeclaration } from './task.ts';

/** Where in its work a step is, in a unit of its task, such as the iteration. Grows while the step runs, and is the same each time that the same work is done. */
export const Position = z.int().nonnegative();
export type Position = z.infer<typeof Position>;

const kind = z.string().min(1).max(60);
const content = { kind, value: z.record(z.string(), z.unknown()) };

/** A control as a running step gets it. With a position it takes effect there and nowhere else; without one it takes effect at once. */
export const Control = z.object({ number: z.int().min(1).max(limits.controlsPerStep), ...content, at: Position.nullable() });
export type Control = z.infer<typeof Control>;

/** A control that took effect, and where. */
export const AppliedControl = z.object({ number: z.int().min(1).max(limits.controlsPerStep), at: Position });
export type AppliedControl = z.infer<typeof AppliedControl>;

/** A control as a part of how a result was made. Those of one position took effect in the order of the list. */
export const RecordedControl = z.object({ shard: z.int().nonnegative().optional(), at: Position, ...content });
export type RecordedControl = z.infer<typeof RecordedControl>;

/** What a step was steered by, by its name. */
export const RecordedControls = z.record(StepName, z.array(RecordedControl).max(limits.controlsPerStep));
export type RecordedControls = z.infer<typeof RecordedControls>;

/** What a person sends to a running step. `number` makes it repeatable: the same number with the same content is one control. */
export const NewControl = z.object({ ...content, number: z.int().min(1).optional() });
export type NewControl = z.infer<typeof NewControl>;

/** A control as people see it. */
export const ControlView = z.object({
  /** Counts from 1 within its step. */
  number: z.int().positive(),
  ...content,
  /** `sent`: to take effect as soon as the step hears it, or at the positions that are named. `missed`: the step ended first. */
  state: z.enum(['sent', 'applied', 'missed']),
  /** Where it took effect, or is to, by shard. A step of one piece has the shard 0. */
  at: z.array(z.object({ shard: z.int().nonnegative(), position: Position })),
  createdAt: z.iso.datetime(),
});
export type ControlView = z.infer<typeof ControlView>;

/** What an edge can do beyond its protocol's version. Told in `hello` and `welcome`; what is not known to the other side is ignored there. */
export const Abilities = z.array(z.string().max(40)).max(40);
/** Steps hear controls and keep checkpoints. */
export const controlAbility = 'control';

type Kinds = TaskDeclaration['controls'];

/** The controls that a task takes, each with its value in the type that its task declares. */
export type ControlOf<T extends { readonly controls: Kinds }> = {
  [K in keyof T['controls'] & string]: { readonly number: number; readonly kind: K; readonly value: z.output<T['controls'][K]>; readonly at: Position | null };
}[keyof T['controls'] & string];

/**
 * Validates the value of a control and fills in defaults.
 * @throws AtelierError `invalid-input` for a kind that the task does not take or a wrong form, `parameter-out-of-bounds`, `too-large`
 */
export function parseControl(task: TaskDeclaration, given: { readonly kind: string; readonly value: Record<string, unknown> }): Record<string, unknown> {
  const schema = Object.hasOwn(task.controls, given.kind) ? task.controls[given.kind] : undefined;
  if (!schema) {
    const kinds = Object.keys(task.controls);
    throw new AtelierError('invalid-input', `${task.name} takes no control "${given.kind}".`, {
      hint: kinds.length > 0 ? `It takes: ${kinds.join(', ')}.` : 'Steps of this task cannot be changed while they run.',
    });
  }
  if (controlBytes(given.value) > limits.controlBytes) {
    throw new AtelierError('too-large', `A control has at most ${limits.controlBytes} bytes.`, { hint: 'Send a smaller value, or several controls.' });
  }
  const parsed = schema.strict().safeParse(given.value);
  if (parsed.success) return parsed.data;
  throw refusal(parsed.error, {
    where: `${task.name}.${given.kind}`,
    what: `The control "${given.kind}"`,
    names: Object.keys(schema.shape),
    help: `Look at the bounds with: atelier run ${task.name} --help, or GET /api/tasks.`,
  });
}

/** Bytes of a control's value as JSON. */
export const controlBytes = (value: unknown): number => new TextEncoder().encode(JSON.stringify(value)).byteLength;
