import { createClient } from '@atelier/client';
import { createTanstackQueryUtils } from '@orpc/tanstack-query';
import { QueryClient } from '@tanstack/react-query';
import { sentenceOf } from './sentence.ts';

/** The API of the coordinator that serves this page; the session's cookie goes along. */
export const studio = createClient({ url: location.origin });
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

export const queries = new QueryClient({
  defaultOptions: {
    queries: { staleTime: 5_000, retry: (count, error) => count < 2 && !settled.has(sentenceOf(error).code), refetchOnWindowFocus: true },
  },
});

/** Where the bytes of an output are. */
export const contentUrl = (outputId: string) => `/api/outputs/${outputId}/content`;
