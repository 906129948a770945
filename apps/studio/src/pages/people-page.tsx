import { useQuery } from '@tanstack/react-query';
import { UserPlus } from 'lucide-react';
import { useState } from 'react';
import { Navigate, useNavigate, useParams } from 'react-router';
import { api } from '../api/client.ts';
import { useMe } from '../api/session.ts';
import { InviteDialog } from '../people/invite-dialog.tsx';
import { OpenInvitations } from '../people/open-invitations.tsx';
import { PersonDialog } from '../people/person-dialog.tsx';
import { PersonRow } from '../people/person-row.tsx';
import { Card, Problem, Skeleton } from '../ui/blocks.tsx';
import { Button } from '../ui/button.tsx';

/** For owners: who is here, what they have, and who is invited. */
export function Component() {
  const me = useMe().data;
  const { id } = useParams();
  const navigate = useNavigate();
  const [inviting, setInviting] = useState(false);
  const people = useQuery(api.people.list.queryOptions({ refetchInterval: 10_000, enabled: me?.role === 'owner' }));
  if (me && me.role !== 'owner') return <Navigate to="/" replace />;
  const shown = people.data?.people.find((person) => person.id === id);
  const close = () => navigate('/people', { preventScrollReset: true });
  return (
    <>
      <div className="flex flex-wrap items-end justify-between gap-4">
        <div>
          <h1 className="text-xl font-semibold tracking-tight">People</h1>
          <p className="mt-1 text-base text-muted">Who can sign in here. Only whoever has an invitation of an owner can join.</p>
        </div>
        <Button look="primary" icon={UserPlus} onClick={() => setInviting(true)}>
          Invite a person
        </Button>
      </div>
      {people.isError && !people.data ? (
        <Problem error={people.error} onRetry={() => void people.refetch()} className="mt-6" />
      ) : !people.data ? (
        <Skeleton className="mt-6 h-64 rounded-2xl" />
      ) : (
        <Card aria-label="People" className="mt-6 overflow-hidden">
          <ul className="divide-y divide-line">
            {people.data.people.map((person) => (
              <PersonRow key={person.id} person={person} me={person.id === me?.id} />
            ))}
          </ul>
        </Card>
      )}
      <OpenInvitations />
      {inviting && <InviteDialog onClose={() => setInviting(false)} />}
      {people.data && shown && me && <PersonDialog person={shown} view={people.data} meId={me.id} onClose={close} />}
      {people.data && id !== undefined && !shown && <Navigate to="/people" replace />}
    </>
  );
}
