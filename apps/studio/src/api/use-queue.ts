import type { QueuedRun } from '@atelier/protocol';
import { useQuery } from '@tanstack/react-query';
import { api } from './client.ts';

const askEveryMs = 2_500;

/** What runs and waits, for the pill, the pages and the list alike, so that they say the same. */
export function useQueue() {
  return useQuery(api.queue.queryOptions({ refetchInterval: askEveryMs }));
}

/** What the queue says of one run; undefined once it has ended, or before it is known. */
export function useQueued(runId: string): QueuedRun | undefined {
  return useQueue().data?.runs.find(({ id }) => id === runId);
}
