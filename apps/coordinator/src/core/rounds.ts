import type { Logger } from './contracts/index.ts';

/** Something that is looked at again and again. */
export interface Round {
  /** For the log. */
  readonly what: string;
  readonly everyMs: number;
  readonly work: () => Promise<void>;
}

/** Rounds for what nobody reports. One at a time; a round that is due while two others wait or work is left out. Not part of the fast path. */
export class Rounds {
  readonly #log: Logger;
  readonly #timers: NodeJS.Timeout[];
  #working: Promise<void> = Promise.resolve();
  #busy = 0;

  constructor(log: Logger, rounds: readonly Round[]) {
    this.#log = log;
    this.#timers = rounds.map((round) => setInterval(() => this.#run(round), round.everyMs));
    for (const timer of this.#timers) timer.unref();
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#working;
  }

  #run({ what, work }: Round): void {
    if (this.#busy >= 2) return;
    this.#busy += 1;
    this.#working = this.#working
      .then(work)
      .catch((error: unknown) => this.#log.error({ what, error: String(error) }, 'a round of looking after runs failed; the next one tries again'))
      .finally(() => {
        this.#busy -= 1;
      });
  }
}
