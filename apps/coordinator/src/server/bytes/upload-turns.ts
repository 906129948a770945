import { guarded, stderrLog } from '@atelier/background';
import type { Lock, Locker, RequestRelease } from '@tus/server';

/** How long a request waits for those before it. An earlier one that still writes is asked to end, and does so within seconds. */
const mostWaitMs = 30_000;

/** One request's place among those about the same upload. */
export interface Turn extends Lock {
  /** Gives the place up, whether it was used or not. May be called again. */
  leave(): void;
}

/**
 * Requests about one upload act in the order in which they came. Without it, a question for the offset may overtake the broken
 * request before it, whose bytes are still being written: the offset told is then wrong, and what the client sends next is
 * refused (409) only after it has sent all of it. Places are taken on arrival, before it is known who asks.
 */
export class UploadTurns {
  readonly #queues = new Map<string, Place[]>();

  arrive(id: string): Turn {
    const queue = this.#queues.get(id) ?? [];
    const place = new Place(queue, () => this.#queues.delete(id));
    this.#queues.set(id, queue);
    queue.push(place);
    return place;
  }

  /** For tus: the place that the request has already, or one at the end for an upload that it is making. */
  lockerFor(turn: Turn | undefined): Locker {
    return { newLock: (id) => turn ?? this.arrive(id) };
  }
}

class Place implements Turn {
  readonly #queue: Place[];
  readonly #emptied: () => void;
  readonly #first = Promise.withResolvers<void>();
  #release: (() => void) | undefined;
  #asked = false;

  constructor(queue: Place[], emptied: () => void) {
    this.#queue = queue;
    this.#emptied = emptied;
  }

  /** Waits until all before have left. @throws what tus answers with 423, after which its clients ask again */
  async lock(signal: AbortSignal, release: RequestRelease): Promise<void> {
    this.#release = guarded(stderrLog, 'An earlier request about an upload could not be ended', release);
    if (this.#asked) this.#release();
    if (this.#queue[0] === this) return;
    this.#queue[0]?.askToEnd();
    const gaveUp = Promise.withResolvers<never>();
    const giveUp = () => gaveUp.reject({ status_code: 423, body: 'An earlier request about this upload has not ended yet.\n' });
    const waiting = setTimeout(giveUp, mostWaitMs);
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      await Promise.race([this.#first.promise, gaveUp.promise]);
    } finally {
      clearTimeout(waiting);
      signal.removeEventListener('abort', giveUp);
    }
  }

  async unlock(): Promise<void> {
    this.leave();
  }

  leave(): void {
    const at = this.#queue.indexOf(this);
    if (at < 0) return;
    this.#queue.splice(at, 1);
    const next = this.#queue[0];
    if (next) next.comeFirst(this.#queue.length > 1);
    else this.#emptied();
  }

  /** @param others whether somebody waits behind */
  comeFirst(others: boolean): void {
    this.#first.resolve();
    if (others) this.askToEnd();
  }

  askToEnd(): void {
    if (this.#asked) return;
    this.#asked = true;
    this.#release?.();
  }
}
