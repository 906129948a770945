import type { SessionView } from '@atelier/protocol';
import { Monitor, Smartphone } from 'lucide-react';
import { Ago } from '../ui/blocks.tsx';
import { Button } from '../ui/button.tsx';

interface SessionListProps {
  sessions: readonly SessionView[];
  /** The one that is being ended. */
  ending: string | undefined;
  onEnd: (session: SessionView) => void;
}

const isPhone = (device: string) => /Android|iOS/.test(device);

/** Browsers in which somebody is signed in. */
export function SessionList({ sessions, ending, onEnd }: SessionListProps) {
  return (
    <ul className="divide-y divide-line">
      {sessions.map((session) => {
        const Icon = isPhone(session.device) ? Smartphone : Monitor;
        return (
          <li key={session.id} className="flex items-center gap-3 py-3">
            <Icon aria-hidden className="size-5 shrink-0 text-muted" />
            <div className="min-w-0 grow">
              <p className="text-sm font-medium break-words">
                {session.device}
                {session.current && <span className="ml-2 rounded-md bg-accent-soft px-1.5 py-0.5 text-xs text-accent-ink">This browser</span>}
              </p>
              <p className="text-xs text-muted">
                {session.address && <span className="number">{session.address}, </span>}
                {session.current ? (
                  'used now'
                ) : session.lastUsedAt ? (
                  <>
                    used <Ago time={session.lastUsedAt} />
                  </>
                ) : (
                  <>
                    signed in <Ago time={session.createdAt} />
                  </>
                )}
              </p>
            </div>
            {!session.current && (
              <Button size="small" aria-label={`End the session of ${session.device}`} busy={ending === session.id} onClick={() => onEnd(session)}>
                End
              </Button>
            )}
          </li>
        );
      })}
    </ul>
  );
}
