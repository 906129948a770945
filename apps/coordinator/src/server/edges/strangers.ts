import { limits } from '@atelier/protocol';

/** Counts the sockets of those who have not proven yet which edge they are: each costs memory, and anybody may open one. */
export class Strangers {
  readonly #byAddress = new Map<string, number>();
  #count = 0;

  /** @returns gives the place back, once however often it is called; undefined if there are too many already */
  enter(address: string): (() => void) | undefined {
    const here = this.#byAddress.get(address) ?? 0;
    if (this.#count >= limits.strangerSockets || here >= limits.strangerSocketsPerAddress) return undefined;
    this.#count += 1;
    this.#byAddress.set(address, here + 1);
    let isIn = true;
    return () => {
      if (isIn) this.#leave(address);
      isIn = false;
    };
  }

  #leave(address: string): void {
    this.#count -= 1;
    const left = (this.#byAddress.get(address) ?? 1) - 1;
    if (left === 0) this.#byAddress.delete(address);
    else this.#byAddress.set(address, left);
  }
}
