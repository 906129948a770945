import { limits } from '@atelier/protocol';

/** How a life of a service ended. */
export interface EndedLife {
  /** Quick ends in a row before it. */
  readonly quickEnds: number;
  /** Milliseconds for which it was ready; 0 if it never was. */
  readonly wellMs: number;
}

export type AfterEnd = { readonly kind: 'again'; readonly quickEnds: number; readonly inMs: number } | { readonly kind: 'failed'; readonly quickEnds: number };

const firstMs = 250;
const mostMs = 30_000;

/**
 * What follows when a process has ended by itself: another one after a while, twice as long after each quick end, with jitter so that many do
 * not begin at once; after limits.serviceQuickEnds quick ones in a row none. A life of limits.serviceSteadySeconds wipes out what was before.
 * @param random 0 to 1
 */
export function afterEnd({ quickEnds, wellMs }: EndedLife, random: number): AfterEnd {
  const now = wellMs >= limits.serviceSteadySeconds * 1000 ? 0 : quickEnds + 1;
  if (now >= limits.serviceQuickEnds) return { kind: 'failed', quickEnds: now };
  return { kind: 'again', quickEnds: now, inMs: Math.round(Math.min(mostMs, firstMs * 2 ** now) * (0.5 + 0.5 * random)) };
}
