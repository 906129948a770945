import { AtelierError } from '@atelier/protocol';
import { getConnInfo } from '@hono/node-server/conninfo';
import type { Context } from 'hono';

/** How often something may be asked for by those who did not sign in. */
export interface RateLimit {
  /** @throws AtelierError `rate-limited` */
  take(caller: string): void;
}

/** Callers remembered at most; where more come within a window, the oldest are forgotten. */
const mostCallers = 10_000;

/**
 * Counts calls within windows that begin with a caller's first. Kept in memory: a restart forgives.
 * @param now milliseconds; given in tests
 */
export function rateLimit(most: number, windowMs: number, now: () => number = Date.now): RateLimit {
  const windows = new Map<string, { since: number; count: number }>();
  return {
    take(caller) {
      const known = windows.get(caller);
      const current = known && now() - known.since < windowMs ? known : { since: now(), count: 0 };
      current.count += 1;
      windows.delete(caller);
      windows.set(caller, current);
      if (windows.size > mostCallers) windows.delete(windows.keys().next().value as string);
      if (current.count > most) {
        throw new AtelierError('rate-limited', 'Too many requests came from this address.', { hint: 'Wait a minute; then try again.' });
      }
    },
  };
}

/** The address that a request comes from; behind a proxy, the proxy's. */
export function remoteAddress(context: Context): string {
  try {
    return getConnInfo(context).remote.address ?? 'unknown';
  } catch {
    return 'unknown';
  }
}
