import { aRole, type InvitationOffer } from '@atelier/protocol';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useNavigate } from 'react-router';
import { api } from '../api/client.ts';
import { join, useMe } from '../api/session.ts';
import { roles } from '../people/roles.tsx';
import { Skeleton } from '../ui/blocks.tsx';
import { TextField } from '../ui/fields.tsx';
import { useCodeOfLink } from './code-of-link.ts';
import { Door, SpentLink } from './door.tsx';
import { NewPasswordField } from './new-password-field.tsx';
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
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const accept = useMutation({
    mutationFn: () => join({ code, name: name.trim(), email: email.trim(), password }),
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
      <TextField label="Name" autoComplete="name" required autoFocus maxLength={100} value={name} onChange={(event) => setName(event.target.value)} />
      <TextField
        label="Email"
        type="email"
        autoComplete="email"
        required
        maxLength={200}
        value={email}
        onChange={(event) => setEmail(event.target.value)}
        hint="You sign in with it. Nothing is sent to it."
      />
      <NewPasswordField value={password} onChange={setPassword} />
    </Door>
  );
}
