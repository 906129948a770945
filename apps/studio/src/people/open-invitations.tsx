import type { InvitationView } from '@atelier/protocol';
import { useMutation, useQuery } from '@tanstack/react-query';
import { MailOpen } from 'lucide-react';
import { api, client, queries } from '../api/client.ts';
import { Ago, Card, Problem } from '../ui/blocks.tsx';
import { Button } from '../ui/button.tsx';
import { announce, complain } from '../ui/toast.tsx';
import { RoleBadge } from './roles.tsx';

/** Invitations that nobody has accepted yet. Nothing while there are none. */
export function OpenInvitations() {
  const { data, error, isError } = useQuery(api.invitations.list.queryOptions({ refetchInterval: 10_000 }));
  const revoke = useMutation({
    mutationFn: (id: string) => client.invitations.revoke({ id }),
    onSuccess: () => announce('Invitation revoked.'),
    onError: complain,
    onSettled: () => void queries.invalidateQueries({ queryKey: api.invitations.key() }),
  });
  if (isError && !data) return <Problem error={error} className="mt-6" />;
  if (!data || data.length === 0) return null;
  return (
    <Card aria-label="Open invitations" className="mt-6 p-5 sm:p-6">
      <h2 className="text-lg font-semibold">Open invitations</h2>
      <p className="mt-1 text-sm text-muted">Each link works once. It was shown when it was made; for a lost one, make another.</p>
      <ul className="mt-2 divide-y divide-line">
        {data.map((one) => (
          <li key={one.id} className="flex flex-wrap items-center gap-x-4 gap-y-2 py-3">
            <MailOpen aria-hidden className="size-5 shrink-0 text-muted max-sm:hidden" />
            <div className="min-w-0 grow basis-48">
              <p className="text-sm font-medium break-words">{one.note ?? 'Somebody'}</p>
              <p className="text-xs text-muted">
                Made {one.madeBy && `by ${one.madeBy} `}
                <Ago time={one.createdAt} />, ends <Ago time={one.expiresAt} />
              </p>
            </div>
            <RoleBadge role={one.role} />
            <Button
              look="danger"
              size="small"
              aria-label={`Revoke the invitation ${nameOf(one)}`}
              busy={revoke.isPending && revoke.variables === one.id}
              onClick={() => revoke.mutate(one.id)}
            >
              Revoke
            </Button>
          </li>
        ))}
      </ul>
    </Card>
  );
}

const nameOf = ({ note, role }: InvitationView) => (note === null ? `of a ${role}` : `for ${note}`);
