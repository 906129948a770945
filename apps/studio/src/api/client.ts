import { createClient } from '@atelier/client';
import { createTanstackQueryUtils } from '@orpc/tanstack-query';
import { hashKey, MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { heardFailure, onBack } from './connection.ts';
import { sentenceOf } from './sentence.ts';

/** The API of the coordinator that serves this page; the session's cookie goes along. */
export const studio = createClient({ url: location.origin, socket: true });
export const client = studio.api;

/** Queries and mutations of the API for TanStack Query. */
export const api = createTanstackQueryUtils(client);

/** Answers that asking again cannot change. */
const settled = new Set([
  'unauthenticated',
  'forbidden',
  'not-found',
  'invalid-input',
  'no-offer',
  'modality-mismatch',
  'unknown-task',
  'parameter-out-of-bounds',
]);

/** A studio on this computer answers without any network, so the browser's own word about that counts for nothing. */
const networkMode = 'always';

/** Whoever is refused may have another role by now, or be signed out: it is asked who they are. */
function heard(error: unknown, aboutMe: boolean): void {
  heardFailure(error);
  if (!aboutMe && ['forbidden', 'unauthenticated'].includes(sentenceOf(error).code)) void queries.invalidateQueries({ queryKey: api.me.key() });
}

export const queries = new QueryClient({
  queryCache: new QueryCache({ onError: (error, { queryKey }) => heard(error, hashKey(queryKey) === hashKey(api.me.queryKey())) }),
  mutationCache: new MutationCache({ onError: (error) => heard(error, false) }),
  defaultOptions: {
    queries: { networkMode, staleTime: 5_000, retry: (count, error) => count < 2 && !settled.has(sentenceOf(error).code), refetchOnWindowFocus: true },
    mutations: { networkMode },
  },
});

// What failed while the studio did not answer is asked for again by itself, whatever page it belongs to.
onBack(() => void queries.refetchQueries({ type: 'active', predicate: ({ state }) => state.status === 'error' || state.fetchFailureCount > 0 }));

/** Where the bytes of an output are. */
export const contentUrl = (outputId: string) => `/api/outputs/${outputId}/content`;
