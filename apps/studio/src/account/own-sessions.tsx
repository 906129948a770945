import { useMutation, useQuery } from '@tanstack/react-query';
import { api, client, queries } from '../api/client.ts';
import { SessionList } from '../people/session-list.tsx';
import { Problem, Skeleton } from '../ui/blocks.tsx';
import { Button } from '../ui/button.tsx';
import { announce, complain } from '../ui/toast.tsx';

/** Where one is signed in oneself. */
export function OwnSessions() {
  const sessions = useQuery(api.account.sessions.queryOptions());
  const done = {
    onSuccess: () => announce('Ended.'),
    onError: complain,
    onSettled: () => void queries.invalidateQueries({ queryKey: api.account.key() }),
  };
  const end = useMutation({ mutationFn: (id: string) => client.account.endSession({ id }), ...done });
  const endOthers = useMutation({ mutationFn: () => client.account.endOtherSessions(), ...done });
  if (sessions.isError && !sessions.data) return <Problem error={sessions.error} onRetry={() => void sessions.refetch()} />;
  if (!sessions.data) return <Skeleton className="h-24" />;
  return (
    <>
      <SessionList sessions={sessions.data} ending={end.isPending ? end.variables : undefined} onEnd={({ id }) => end.mutate(id)} />
      {sessions.data.filter(({ current }) => !current).length > 1 && (
        <Button size="small" className="mt-2" busy={endOthers.isPending} onClick={() => endOthers.mutate()}>
          End all others
        </Button>
      )}
    </>
  );
}
