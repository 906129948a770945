import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';

const current = new AsyncLocalStorage<string>();

/** Runs what answers a request under an id of its own: it stands in the answer's `x-request-id` and in each log line about it. */
export function withRequestId<T>(answer: (requestId: string) => T): T {
  const requestId = randomUUID();
  return current.run(requestId, () => answer(requestId));
}

/** The id of the request that is being answered; undefined outside of one. */
export const requestId = (): string | undefined => current.getStore();
