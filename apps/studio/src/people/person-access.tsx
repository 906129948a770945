import type { PersonDetail } from '@atelier/protocol';
import { useMutation, useQuery } from '@tanstack/react-query';
import { KeyRound } from 'lucide-react';
import { useId, useState } from 'react';
import { api, client } from '../api/client.ts';
import { Problem, Skeleton } from '../ui/blocks.tsx';
import { Button } from '../ui/button.tsx';
import { Switch } from '../ui/switch.tsx';
import { announce, complain } from '../ui/toast.tsx';
import { peopleChanged } from './changed.ts';
import { SecretLink } from './secret-link.tsx';
import { SessionList } from './session-list.tsx';

/** Where a person is signed in. */
export function PersonSessions({ person }: { person: PersonDetail }) {
  const sessions = useQuery(api.people.sessions.queryOptions({ input: { id: person.id } }));
  const done = { onSuccess: () => announce('Ended.'), onError: complain, onSettled: peopleChanged };
  const end = useMutation({ mutationFn: (sessionId: string) => client.people.endSession({ id: person.id, sessionId }), ...done });
  const endAll = useMutation({ mutationFn: () => client.people.endSessions({ id: person.id }), ...done });
  if (sessions.isError && !sessions.data) return <Problem error={sessions.error} onRetry={() => void sessions.refetch()} />;
  if (!sessions.data) return <Skeleton className="h-16" />;
  const others = sessions.data.filter(({ current }) => !current);
  return (
    <>
      {sessions.data.length === 0 && <p className="text-sm text-muted">{person.name} is signed in nowhere.</p>}
      <SessionList sessions={sessions.data} ending={end.isPending ? end.variables : undefined} onEnd={({ id }) => end.mutate(id)} />
      {others.length === sessions.data.length && others.length > 1 && (
        <Button size="small" busy={endAll.isPending} onClick={() => endAll.mutate()}>
          End all sessions
        </Button>
      )}
    </>
  );
}

/** A link by which a person takes a new password. */
export function PasswordLink({ person }: { person: PersonDetail }) {
  const [endTokens, setEndTokens] = useState(false);
  const id = useId();
  const make = useMutation({ mutationFn: () => client.people.resetLink({ id: person.id, endTokens }), onError: complain });
  if (make.data) return <SecretLink made={make.data} />;
  return (
    <div className="flex flex-wrap items-center gap-x-6 gap-y-3">
      <p className="min-w-0 grow basis-72 text-sm text-muted text-pretty">
        For a password that was forgotten or became known. When the link is used, all sessions of {person.name} end.
      </p>
      <div className="flex items-center gap-3">
        <Switch id={id} checked={endTokens} onChange={setEndTokens} />
        <label htmlFor={id} className="text-sm">
          End API tokens too
          {person.tokens > 0 && <span className="text-muted"> ({person.tokens})</span>}
        </label>
      </div>
      <Button icon={KeyRound} busy={make.isPending} onClick={() => make.mutate()}>
        Create link
      </Button>
    </div>
  );
}
