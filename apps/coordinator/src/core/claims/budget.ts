import { AtelierError, type EdgeId, type FromEdge, limits } from '@atelier/protocol';
import type { Logger } from '../contracts/index.ts';
import { Buckets } from './buckets.ts';

type Kind = FromEdge['kind'];

/** Of what kinds there is a rate, and what happens over it: news may be lost, while the state of an edge may not. */
const rates: Partial<Record<Kind, { readonly rate: keyof typeof limits.edgeRates; readonly over: 'drop' | 'end' }>> = {
  started: { rate: 'news', over: 'drop' },
  progress: { rate: 'news', over: 'drop' },
  preview: { rate: 'news', over: 'drop' },
  // Many short pieces are how a text is written; a hole in it would be worse than their number. Its characters are counted.
  text: { rate: 'newsBytes', over: 'drop' },
  // What is left out here comes with the next checkpoint, and with the result.
  'control-applied': { rate: 'controls', over: 'drop' },
  checkpoint: { rate: 'checkpoints', over: 'drop' },
  link: { rate: 'links', over: 'drop' },
  models: { rate: 'state', over: 'end' },
  heartbeat: { rate: 'state', over: 'end' },
  hello: { rate: 'state', over: 'end' },
  service: { rate: 'services', over: 'end' },
  'service-find': { rate: 'services', over: 'end' },
};

/**
 * How much an edge may say that nobody asked it for. Results are not counted: leases bound them. Kept over its connections.
 * @param now milliseconds; given in tests
 */
export class Budget {
  readonly #log: Pick<Logger, 'warn'>;
  readonly #buckets: Buckets;

  constructor(log: Pick<Logger, 'warn'>, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#buckets = new Buckets(now);
  }

  /** @returns false if a message is to be dropped @throws AtelierError `rate-limited` if its sender is to be cut off */
  allows(edgeId: EdgeId, message: FromEdge): boolean {
    const known = rates[message.kind];
    if (!known) return true;
    const isWithin = known.rate === 'newsBytes' ? 'yes' : this.#buckets.take(`${edgeId} ${known.rate}`, limits.edgeRates[known.rate], 1);
    const areWithin = this.#buckets.take(`${edgeId} bytes`, limits.edgeRates.newsBytes, sizeOf(message));
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
}

function sizeOf(message: FromEdge): number {
  if (message.kind === 'service') return message.log.length;
  if (message.kind === 'preview') return message.base64.length;
  return message.kind === 'text' ? message.delta.length : 0;
}
