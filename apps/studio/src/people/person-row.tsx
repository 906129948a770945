import type { PersonDetail } from '@atelier/protocol';
import { ChevronRight } from 'lucide-react';
import { Link } from 'react-router';
import { Ago } from '../ui/blocks.tsx';
import { formatBytes } from '../units/bytes.ts';
import { Avatar } from './avatar.tsx';
import { RoleBadge } from './roles.tsx';

/** A person in the list; opens them. */
export function PersonRow({ person, me }: { person: PersonDetail; me: boolean }) {
  const { name, email, role, openRuns, uploadedBytes, resultBytes, lastSeenAt } = person;
  return (
    <li>
      <Link
        to={`/people/${encodeURIComponent(person.id)}`}
        preventScrollReset
        className="flex items-center gap-4 px-5 py-4 hover:bg-raised focus-visible:-outline-offset-2 sm:px-6"
      >
        <Avatar name={name} />
        <span className="flex min-w-0 grow flex-wrap items-center gap-x-4 gap-y-1 sm:grid sm:gap-x-6 sm:grid-cols-[minmax(0,1fr)_7rem_9rem_8rem] sm:items-center">
          <span className="min-w-0 basis-full">
            <span className="block truncate text-base font-medium">
              {name}
              {me && <span className="ml-2 text-sm font-normal text-muted">you</span>}
            </span>
            <span className="block truncate text-sm text-muted">{email}</span>
          </span>
          <RoleBadge role={role} />
          <span className="text-sm text-muted">
            {lastSeenAt ? (
              <>
                Seen <Ago time={lastSeenAt} />
              </>
            ) : (
              'Not seen yet'
            )}
          </span>
          <span className="text-sm text-muted sm:text-right">
            <span className="number">{formatBytes(uploadedBytes + resultBytes)}</span>
            {openRuns > 0 && `, ${openRuns} open ${openRuns === 1 ? 'run' : 'runs'}`}
          </span>
        </span>
        <ChevronRight aria-hidden className="size-4 shrink-0 text-faint" />
      </Link>
    </li>
  );
}
