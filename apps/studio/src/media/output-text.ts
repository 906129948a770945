import { useQuery } from '@tanstack/react-query';
import { ask } from '../api/ask.ts';
import { contentUrl } from '../api/client.ts';

/** Text of an output, read once. @param src where it is, if not among one's own */
export function useOutputText(id: string, src = contentUrl(id)) {
  return useQuery({
    queryKey: ['output-text', id, src],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }) => {
      const answer = await ask(src, { signal });
      return answer.text();
    },
  });
}
