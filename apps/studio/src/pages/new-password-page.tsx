import type { ResetOffer } from '@atelier/protocol';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useNavigate } from 'react-router';
import { api } from '../api/client.ts';
import { takeNewPassword, useMe } from '../api/session.ts';
import { Skeleton } from '../ui/blocks.tsx';
import { useCodeOfLink } from './code-of-link.ts';
import { Door, SpentLink } from './door.tsx';
import { NewPasswordField } from './new-password-field.tsx';
import { SignedInAlready } from './signed-in-already.tsx';

/** A link of an owner's leads here: somebody takes a new password. */
export function Component() {
  const code = useCodeOfLink();
  const me = useMe();
  const offer = useQuery(api.people.resetOffer.queryOptions({ input: { code }, retry: false, staleTime: 0, refetchOnWindowFocus: false }));
  useEffect(() => {
    document.title = 'New password · Atelier';
  }, []);
  if (me.isPending || offer.isPending) return <Skeleton className="mx-auto mt-40 h-64 max-w-sm" />;
  if (offer.isError) return <SpentLink title="This link does not work" error={offer.error} onRetry={() => void offer.refetch()} />;
  if (me.data && me.data.email !== offer.data.email) return <SignedInAlready name={me.data.name} purpose={`a new password of ${offer.data.name}`} />;
  return <ResetForm code={code} offer={offer.data} />;
}

function ResetForm({ code, offer }: { code: string; offer: ResetOffer }) {
  const navigate = useNavigate();
  const [password, setPassword] = useState('');
  const take = useMutation({ mutationFn: () => takeNewPassword({ code, password }), onSuccess: () => navigate('/', { replace: true }) });
  return (
    <Door
      title={`A new password, ${offer.name}`}
      lead={`You sign in with ${offer.email}. You are signed out everywhere else; API tokens ${offer.endsTokens ? 'end too' : 'go on'}.`}
      action="Set password"
      busy={take.isPending}
      error={take.error}
      onSubmit={() => take.mutate()}
    >
      <input type="email" autoComplete="username" value={offer.email} readOnly hidden />
      <NewPasswordField value={password} onChange={setPassword} autoFocus />
    </Door>
  );
}
