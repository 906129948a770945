import { useMutation } from '@tanstack/react-query';
import { Server } from 'lucide-react';
import { useEffect } from 'react';
import { client } from '../api/client.ts';
import { Ago, Copyable, Problem, Skeleton } from '../ui/blocks.tsx';
import { Dialog } from '../ui/dialog.tsx';

/** Makes a join token and shows the command that uses it. */
export function AddMachineDialog({ onClose }: { onClose: () => void }) {
  const { mutate, data, error, isError } = useMutation({ mutationFn: () => client.edges.joinToken({}) });
  useEffect(() => mutate(), [mutate]);
  return (
    <Dialog
      open
      onOpenChange={(open) => open || onClose()}
      title="Add a machine"
      description="Run this on the other machine, in a copy of Atelier. It dials out to this studio; nothing has to be opened there."
      width="wide"
    >
      {isError ? (
        <Problem error={error} onRetry={() => mutate()} />
      ) : !data ? (
        <Skeleton className="h-14" />
      ) : (
        <div className="flex flex-col gap-4">
          <Copyable text={data.command} label="the command" />
          <p className="text-sm text-muted">
            The token works once and ends <Ago time={data.expiresAt} />. The machine then shows up here by itself.
          </p>
          <details>
            <summary className="rounded-md text-sm text-muted hover:text-ink">Only the token</summary>
            <div className="mt-2">
              <Copyable text={data.token} label="the token" />
            </div>
          </details>
          <p className="flex items-start gap-2 border-t border-line pt-4 text-sm text-muted">
            <Server aria-hidden className="mt-0.5 size-4 shrink-0" />
            Other machines must be able to reach this studio. If it was started for this computer alone, start it again with --host 0.0.0.0.
          </p>
        </div>
      )}
    </Dialog>
  );
}
