import { AtelierError, type EdgeId, type FromEdge, limits } from '@atelier/protocol';
import type { Logger } from '../contracts/index.ts';

type Kind = FromEdge['kind'];

/** Of what kinds there is a rate, and what happens over it: news may be lost, while the state of an edge may not. */
const rates: Partial<Record<Kind, { readonly rate: keyof typeof limits.edgeRates; readonly over: 'drop' | 'end' }>> = {
  started: { rate: 'news', over: 'drop' },
  progress: { rate: 'news', over: 'drop' },
  preview: { rate: 'news', over: 'drop' },
  // Many short pieces are how a text is written; a hole in it would be worse than their number. Its characters are counted.
  text: { rate: 'newsBytes', over: 'drop' },
  link: { rate: 'links', over: 'drop' },
  models: { rate: 'state', over: 'end' },
  heartbeat: { rate: 'state', over: 'end' },
  hello: { rate: 'state', over: 'end' },
  service: { rate: 'services', over: 'end' },
  'service-find': { rate: 'services', over: 'end' },
};

/** What may still come: it fills up with time, and each message takes of it. */
interface Bucket {
  left: number;
  filledAt: number;
  isOver: boolean;
}

/**
 * How much an edge may say that nobody asked it for. Results are not counted: leases bound them. Kept over its connections.
 * @param now milliseconds; given in tests
 */
export class Budget {
  readonly #log: Pick<Logger, 'warn'>;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(log: Pick<Logger, 'warn'>, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#now = now;
  }

  /** @returns false where a message is to be dropped @throws AtelierError `rate-limited` where its sender is to be cut off */
  allows(edgeId: EdgeId, message: FromEdge): boolean {
    const known = rates[message.kind];
    if (!known) return true;
    const isWithin = known.rate === 'newsBytes' ? 'yes' : this.#take(`${edgeId} ${known.rate}`, limits.edgeRates[known.rate], 1);
    const areWithin = this.#take(`${edgeId} bytes`, limits.edgeRates.newsBytes, sizeOf(message));
    if (isWithin === 'yes' && areWithin === 'yes') return true;
    if (known.over === 'end' && isWithin !== 'yes') {
      throw new AtelierError('rate-limited', `The edge sends more "${message.kind}" messages than it may.`, {
        hint: 'Run the same release of Atelier on it; then look at its log.',
      });
    }
    if (known.over === 'end') return true;
    if (isWithin === 'first' || areWithin === 'first')
      this.#log.warn({ edgeId, kind: message.kind }, 'an edge says more than it may; what is too much is left out');
    return false;
  }

  #take(name: string, { perSecond, atOnce }: { readonly perSecond: number; readonly atOnce: number }, amount: number): 'yes' | 'first' | 'no' {
    const now = this.#now();
    const bucket = this.#buckets.get(name) ?? { left: atOnce, filledAt: now, isOver: false };
    this.#buckets.set(name, bucket);
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
}

function sizeOf(message: FromEdge): number {
  if (message.kind === 'service') return message.log.length;
  if (message.kind === 'preview') return message.base64.length;
  return message.kind === 'text' ? message.delta.length : 0;
}
