import { setImmediate } from 'node:timers/promises';
import { type AppliedControl, AtelierError, type Control, type ControlOf, parseControl, type TaskDeclaration } from '@atelier/protocol';

/**
 * What a running step is told. A control takes effect at a position, such as an iteration: the driver says which, it is written down, and when the
 * step is done again, after a loss or in another run, the control takes effect at that very position. So the end is the same.
 *
 * A driver with a loop calls `take` at each position, and needs nothing else:
 * @example for (let at = request.resume?.at ?? 0; at < steps; at += 1) {
 *   for (const { value } of await controls.take(at)) size = value.size;
 *   work(size);
 * }
 */
export interface StepControls<T = Control> extends AsyncIterable<T> {
  /**
   * The controls that are to take effect at this position, in their order; they count as applied there. Lets the process read its messages first, so
   * that a busy loop hears them too.
   * @param at not less than at the last call
   */
  take(at: number): Promise<T[]>;
  /** Says that a control that was read by iterating took effect. One with a position of its own must take effect at that. */
  applied(number: number, at: number): void;
}

/** The controls of a step in the types that its task declares. @throws AtelierError `unknown-task` if the step is of another task */
export function controlsOf<T extends readonly TaskDeclaration[]>(
  step: { readonly task: TaskDeclaration; readonly control: StepControls },
  ...tasks: T
): StepControls<ControlOf<T[number]>> {
  if (tasks.some(({ name }) => name === step.task.name)) return step.control as unknown as StepControls<ControlOf<T[number]>>;
  throw new AtelierError('unknown-task', `${step.task.name} is not done here, but ${tasks.map(({ name }) => name).join(', ')}.`);
}

export interface HeardOptions {
  readonly task: TaskDeclaration;
  /** What it was told before it began. Those with a position before `from` had their effect already. */
  readonly controls?: readonly Control[] | undefined;
  /** Where the step begins. */
  readonly from?: number | undefined;
  /** Hears of controls that took effect. */
  onApplied?(applied: readonly AppliedControl[]): void;
}

/** The controls of one running step, from the side of whoever hears them: `add` brings them in, `end` says that no more will come. */
export class HeardControls implements StepControls {
  readonly #options: HeardOptions;
  readonly #heard: Control[] = [];
  readonly #numbers = new Set<number>();
  readonly #waiting = new Map<number, Control>();
  readonly #applied = new Map<number, number>();
  #wake = Promise.withResolvers<void>();
  #isOver = false;

  constructor(options: HeardOptions) {
    this.#options = options;
    const from = options.from ?? 0;
    for (const control of options.controls ?? []) {
      if (control.at === null || control.at >= from) this.add(control);
      else {
        this.#numbers.add(control.number);
        this.#applied.set(control.number, control.at);
      }
    }
  }

  /** All that had an effect, those of the checkpoint that the step began with included. */
  get allApplied(): AppliedControl[] {
    return [...this.#applied].map(([number, at]) => ({ number, at })).sort((a, b) => a.at - b.at || a.number - b.number);
  }

  /** Takes a control once, however often it comes. @throws AtelierError as `parseControl` */
  add(control: Control): void {
    if (this.#isOver || this.#numbers.has(control.number)) return;
    const checked = { ...control, value: parseControl(this.#options.task, control) };
    this.#numbers.add(control.number);
    this.#waiting.set(control.number, checked);
    this.#heard.push(checked);
    this.#wakeAll();
  }

  end(): void {
    this.#isOver = true;
    this.#wakeAll();
  }

  async take(at: number): Promise<Control[]> {
    await setImmediate();
    const due = [...this.#waiting.values()].filter((control) => control.at === null || control.at <= at).sort((a, b) => a.number - b.number);
    this.#note(due.map(({ number }) => ({ number, at })));
    return due;
  }

  applied(number: number, at: number): void {
    if (this.#waiting.has(number)) this.#note([{ number, at }]);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Control> {
    for (let read = 0; ; ) {
      while (read < this.#heard.length) yield this.#heard[read++] as Control;
      if (this.#isOver) return;
      await this.#wake.promise;
    }
  }

  #wakeAll(): void {
    const asleep = this.#wake;
    this.#wake = Promise.withResolvers();
    asleep.resolve();
  }

  #note(applied: readonly AppliedControl[]): void {
    if (applied.length === 0) return;
    for (const { number, at } of applied) {
      this.#waiting.delete(number);
      this.#applied.set(number, at);
    }
    this.#options.onApplied?.(applied);
  }
}

/** A step that nobody tells anything, that begins at its beginning and keeps nothing: for tests and benches that call a driver by themselves. */
export function undisturbed(task: TaskDeclaration): { control: StepControls; signal: AbortSignal; resume: null; checkpoint: () => Promise<boolean> } {
  return { control: new HeardControls({ task }), signal: new AbortController().signal, resume: null, checkpoint: async () => false };
}
