import { aRole, type InvitationOffer } from '@atelier/protocol';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useNavigate } from 'react-router';
import { api } from '../api/client.ts';
import { join, useMe } from '../api/session.ts';
import { roles } from '../people/roles.tsx';
import { Skeleton } from '../ui/blocks.tsx';
import { useAccountFields } from './account-fields.tsx';
import { useCodeOfLink } from './code-of-link.ts';
import { Door, SpentLink } from './door.tsx';
import { SignedInAlready } from './signed-in-already.tsx';

/** An invitation leads here: who invites, as what, and the form by which somebody joins. */
export function Component() {
  const code = useCodeOfLink();
  const me = useMe();
  const offer = useQuery(api.invitations.offer.queryOptions({ input: { code }, retry: false, staleTime: 0, refetchOnWindowFocus: false }));
  useEffect(() => {
    document.title = 'Join · Atelier';
  }, []);
  if (me.isPending || offer.isPending) return <Skeleton className="mx-auto mt-40 h-64 max-w-sm" />;
  if (me.data) return <SignedInAlready name={me.data.name} purpose="somebody who is new here" />;
  if (offer.isError) return <SpentLink title="This invitation does not work" error={offer.error} onRetry={() => void offer.refetch()} />;
  return <JoinForm code={code} offer={offer.data} />;
}

function JoinForm({ code, offer }: { code: string; offer: InvitationOffer }) {
  const navigate = useNavigate();
  const { account, fields } = useAccountFields();
  const accept = useMutation({
    mutationFn: () => join({ code, ...account }),
    onSuccess: () => navigate('/', { replace: true }),
  });
  const by = offer.invitedBy ?? 'An owner';
  return (
    <Door
      title={`${by} invites you`}
      lead={
        <>
          To the studio at <span className="number text-ink">{location.host}</span>, as {aRole(offer.role)}. {roles[offer.role].may}
          {offer.note && <span className="mt-2 block">“{offer.note}”</span>}
        </>
      }
      action="Join"
      busy={accept.isPending}
      error={accept.error}
      onSubmit={() => accept.mutate()}
    >
      {fields}
    </Door>
  );
}
