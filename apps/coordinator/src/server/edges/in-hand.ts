import { limits } from '@atelier/protocol';

/**
 * Messages of one edge that were read and are not done with. They are handled one after the other, while reading goes on: what waits for nothing,
 * such as a preview, does not wait for those before it. Their number and characters are bounded; then no more is read.
 */
export class InHand {
  readonly #onFailure: () => void;
  #count = 0;
  #characters = 0;
  #failure: { readonly thrown: unknown } | undefined;
  #wake: () => void = () => undefined;

  /** @param onFailure called when a message could not be handled; {@link check} throws why */
  constructor(onFailure: () => void) {
    this.#onFailure = onFailure;
  }

  add(characters: number, handled: Promise<void>): void {
    this.#count += 1;
    this.#characters += characters;
    const done = () => {
      this.#count -= 1;
      this.#characters -= characters;
      this.#wake();
    };
    handled.then(done, (thrown: unknown) => {
      this.#failure ??= { thrown };
      done();
      this.#onFailure();
    });
  }

  /** Waits until there is room for another. @throws what a message threw */
  async room(): Promise<void> {
    for (;;) {
      this.check();
      if (this.#count < limits.edgeWaitingMessages && this.#characters < limits.edgeWaitingBytes) return;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** @throws what a message threw */
  check(): void {
    if (this.#failure) throw this.#failure.thrown;
  }
}
