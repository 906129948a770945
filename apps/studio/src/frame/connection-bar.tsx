import { Hourglass, Plug, RotateCcw, TriangleAlert, X } from 'lucide-react';
import { useEffect } from 'react';
import { useNavigate } from 'react-router';
import { onBack, useConnection } from '../api/connection.ts';
import { onSent, openOutbox, tryAgain, useOutbox, type WaitingRun, withdraw } from '../chain/outbox.ts';
import { sendFilesAgain } from '../chain/start-run.ts';
import { placeOfRun } from '../task-views/index.ts';
import { IconButton } from '../ui/button.tsx';
import { announce } from '../ui/toast.tsx';

/** Says when the studio does not answer, and which runs wait for that; nothing otherwise. */
export function ConnectionBar() {
  const { lost } = useConnection();
  const { waiting } = useOutbox();
  useSending();
  if (!lost && waiting.length === 0) return null;
  return (
    <section aria-label="Connection" className="mx-auto max-w-[1280px] px-4 pt-4 sm:px-8">
      <div className="rounded-xl border border-line bg-surface px-4 py-2">
        {lost && (
          <p role="status" className="flex items-center gap-2.5 py-1 text-sm">
            <Plug aria-hidden className="size-4 shrink-0 text-warn" />
            The studio does not answer. This page continues by itself when it does.
          </p>
        )}
        {waiting.length > 0 && (
          <ul aria-label="Runs that wait">
            {waiting.map((one) => (
              <Waiting key={one.key} waiting={one} />
            ))}
          </ul>
        )}
      </div>
    </section>
  );
}

function Waiting({ waiting }: { waiting: WaitingRun }) {
  const Icon = waiting.refused ? TriangleAlert : Hourglass;
  return (
    <li className="flex items-center gap-2.5 text-sm">
      <Icon aria-hidden className={`size-4 shrink-0 ${waiting.refused ? 'text-bad' : 'text-muted'}`} />
      <span className="min-w-0 grow truncate">
        <span className="font-medium">{waiting.title}</span> <span className="text-muted">{waiting.refused ?? 'Waiting for the connection'}</span>
      </span>
      {waiting.refused && <IconButton icon={RotateCcw} size="small" label={`Try again: ${waiting.title}`} onClick={() => tryAgain(waiting.key)} />}
      <IconButton icon={X} size="small" label={`Do not run: ${waiting.title}`} onClick={() => withdraw(waiting.key)} />
    </li>
  );
}

/** Sends what waits when the studio answers, and says where it went. */
function useSending(): void {
  const navigate = useNavigate();
  useEffect(() => {
    onSent((run, waited) => announce(`Started: ${waited.title}`, { label: 'View run', onClick: () => navigate(placeOfRun(run)) }));
    const closeOutbox = openOutbox();
    const stop = onBack(sendFilesAgain);
    return () => {
      closeOutbox();
      stop();
    };
  }, [navigate]);
}
