import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { NameForm } from '../account/name-form.tsx';
import { OwnSessions } from '../account/own-sessions.tsx';
import { PasswordForm } from '../account/password-form.tsx';
import { api } from '../api/client.ts';
import { useMe } from '../api/session.ts';
import { Tokens } from '../frame/tokens-dialog.tsx';
import { roles } from '../people/roles.tsx';
import { Card } from '../ui/blocks.tsx';
import { formatBytes } from '../units/bytes.ts';

/** One's own account. */
export function Component() {
  const me = useMe().data;
  if (!me) return null;
  return (
    <div className="mx-auto max-w-3xl">
      <h1 className="text-xl font-semibold tracking-tight">Your account</h1>
      <p className="mt-1 text-base text-muted">
        {roles[me.role].word}. {roles[me.role].may}
      </p>
      <div className="mt-6 flex flex-col gap-4">
        <Part title="Name">
          <NameForm key={me.name} person={me} />
        </Part>
        <Part title="Password">
          <PasswordForm email={me.email} />
        </Part>
        <Part title="Sessions" lead="Browsers in which you are signed in. End those that you do not know.">
          <OwnSessions />
        </Part>
        <Part title="API tokens" lead="A token lets a program act as you. Its secret is shown once.">
          <Tokens />
        </Part>
        {me.role !== 'guest' && <Usage />}
        <p className="px-1 text-sm text-muted text-pretty">
          To leave this studio, ask an owner to remove your account: they choose with you what becomes of your runs and items.
        </p>
      </div>
    </div>
  );
}

function Part({ title, lead, children }: { title: string; lead?: string; children: ReactNode }) {
  return (
    <Card aria-label={title} className="p-5 sm:p-6">
      <h2 className="text-lg font-semibold">{title}</h2>
      {lead && <p className="mt-1 text-sm text-muted">{lead}</p>}
      <div className="mt-4">{children}</div>
    </Card>
  );
}

function Usage() {
  const { data } = useQuery(api.usage.queryOptions());
  if (!data) return null;
  const { uploads, results, runs } = data;
  const rows = [
    ['Uploads', `${formatBytes(uploads.bytes)} of ${formatBytes(uploads.mostBytes)}`],
    ['Results', formatBytes(results.bytes)],
    ['Open runs', `${runs.open} of ${runs.mostOpen}`],
  ];
  return (
    <Part title="What you have">
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-6 gap-y-1 text-sm">
        {rows.map(([term, value]) => (
          <div key={term} className="contents">
            <dt className="text-muted">{term}</dt>
            <dd className="number">{value}</dd>
          </div>
        ))}
      </dl>
    </Part>
  );
}
