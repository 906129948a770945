import type { Control } from '@atelier/protocol';

/** What a step is told, from its order on: kept until it runs somewhere, and told at once from then on. */
export class Steering {
  readonly #controls = new Map<number, Control>();
  #tell: ((control: Control) => void) | undefined;

  constructor(controls: readonly Control[] = []) {
    for (const control of controls) this.#controls.set(control.number, control);
  }

  /** The same control again changes nothing. */
  add(control: Control): void {
    if (this.#controls.has(control.number)) return;
    this.#controls.set(control.number, control);
    this.#tell?.(control);
  }

  /** The step begins. @returns what it was told before @param tell hears all that comes from now on */
  lead(tell: (control: Control) => void): readonly Control[] {
    this.#tell = tell;
    return [...this.#controls.values()];
  }

  leave(): void {
    this.#tell = undefined;
  }
}
