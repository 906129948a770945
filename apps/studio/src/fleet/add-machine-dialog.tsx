import { useQuery } from '@tanstack/react-query';
import { CircleCheck, Server } from 'lucide-react';
import { useEffect } from 'react';
import { api, client, queries } from '../api/client.ts';
import { Ago, Copyable, Problem, Skeleton } from '../ui/blocks.tsx';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';

const tokenKey = ['join-token'];

/** A join token and the command that uses it. The token stays the same until it is used or past its time, however often this opens. */
export function AddMachineDialog({ onClose }: { onClose: () => void }) {
  const made = useQuery({
    queryKey: tokenKey,
    queryFn: () => client.edges.joinToken({}),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  });
  const token = made.data?.token;
  const standing = useQuery(
    api.edges.joinTokenState.queryOptions({ input: { token: token ?? '' }, enabled: token !== undefined, staleTime: 0, refetchInterval: 2_500 }),
  );
  const isUsed = standing.data?.state === 'used';
  useEffect(() => {
    if (isUsed) void queries.invalidateQueries({ queryKey: api.edges.key() });
  }, [isUsed]);
  const another = () => void queries.resetQueries({ queryKey: tokenKey });
  return (
    <Dialog
      open
      onOpenChange={(open) => open || onClose()}
      title="Add a machine"
      description="Run this on the other machine, in a copy of Atelier. It dials out to this studio; nothing has to be opened there."
      width="wide"
    >
      {made.isError ? (
        <Problem error={made.error} onRetry={() => void made.refetch()} />
      ) : !made.data || !standing.data ? (
        <Skeleton className="h-14" />
      ) : standing.data.state === 'open' ? (
        <Command made={made.data} />
      ) : (
        <div className="flex flex-wrap items-center justify-between gap-3">
          <p role="status" className="flex items-center gap-2 text-base">
            {isUsed && <CircleCheck aria-hidden className="size-5 text-good" />}
            {isUsed ? `${standing.data.edgeName ?? 'A machine'} has joined with this token.` : 'The token is past its time.'}
          </p>
          <Button look="primary" onClick={another}>
            Create another token
          </Button>
        </div>
      )}
    </Dialog>
  );
}

function Command({ made }: { made: Awaited<ReturnType<typeof client.edges.joinToken>> }) {
  return (
    <div className="flex flex-col gap-4">
      {made.reach === 'this-machine' && (
        <p role="alert" className="flex items-start gap-2 rounded-xl bg-bad-soft px-4 py-3 text-sm">
          <Server aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
          <span>
            This studio listens for this machine alone, so no other can join. Start it again with{' '}
            <code className="number">npx atelier start --host 0.0.0.0</code>, then open this window again.
          </span>
        </p>
      )}
      <Copyable text={made.command} label="the command" />
      <p className="text-sm text-muted">
        The token works once and ends <Ago time={made.expiresAt} />. The machine then shows up here by itself.
      </p>
      {made.otherAddresses.length > 0 && (
        <p className="text-sm text-muted">
          If the other machine does not reach that address, use one of these instead: <span className="number">{made.otherAddresses.join(', ')}</span>
        </p>
      )}
      <details>
        <summary className="rounded-md text-sm text-muted hover:text-ink">Only the token</summary>
        <div className="mt-2">
          <Copyable text={made.token} label="the token" />
        </div>
      </details>
    </div>
  );
}
