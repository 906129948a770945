/** What may still come: it fills up with time, and each message takes of it. */
interface Bucket {
  left: number;
  filledAt: number;
  isOver: boolean;
}

export interface Rate {
  readonly perSecond: number;
  readonly atOnce: number;
}

/** Senders remembered at most; the others begin again. */
const mostBuckets = 10_000;

/** How much of something may come from each sender, by a token bucket for each. */
export class Buckets {
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  /** @param now milliseconds; given in tests */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** @returns `first` at the first refusal since it was calm */
  take(name: string, { perSecond, atOnce }: Rate, amount: number): 'yes' | 'first' | 'no' {
    const now = this.#now();
    const bucket = this.#buckets.get(name) ?? { left: atOnce, filledAt: now, isOver: false };
    this.#keep(name, bucket);
    bucket.left = Math.min(atOnce, bucket.left + ((now - bucket.filledAt) / 1000) * perSecond);
    bucket.filledAt = now;
    // One warning for each time that it goes over; it has to calm down before there is another.
    if (bucket.left > atOnce / 2) bucket.isOver = false;
    if (bucket.left >= amount) {
      bucket.left -= amount;
      return 'yes';
    }
    const first = !bucket.isOver;
    bucket.isOver = true;
    return first ? 'first' : 'no';
  }

  #keep(name: string, bucket: Bucket): void {
    this.#buckets.delete(name);
    this.#buckets.set(name, bucket);
    if (this.#buckets.size > mostBuckets) this.#buckets.delete(this.#buckets.keys().next().value as string);
  }
}
