import type { QueueView } from '@atelier/protocol';
import { X } from 'lucide-react';
import { Dialog } from 'radix-ui';
import type { KeyboardEvent } from 'react';
import { Link } from 'react-router';
import { IconButton } from '../ui/button.tsx';
import { QueueRow } from './queue-row.tsx';

interface QueueDrawerProps {
  queue: QueueView | undefined;
  personId: string;
  onClose: () => void;
}

/** What runs and what waits, in order, over every page: the content of a Radix dialog. */
export function QueueDrawer({ queue, personId, onClose }: QueueDrawerProps) {
  // A tooltip that stands above would take Escape for itself.
  const closeOnEscape = (event: KeyboardEvent<HTMLElement>) => {
    if (event.key === 'Escape' && event.currentTarget.contains(event.target as Node)) onClose();
  };
  return (
    <Dialog.Portal>
      <Dialog.Overlay className="fixed inset-0 z-40 bg-[oklch(0_0_0/0.55)] backdrop-blur-[2px]" />
      <Dialog.Content
        onKeyDown={closeOnEscape}
        className="rise fixed inset-y-0 right-0 z-50 flex w-[min(440px,100vw)] flex-col border-l border-line bg-surface shadow-float outline-none"
      >
        <header className="flex items-start justify-between gap-4 px-5 pt-4 pb-3">
          <div>
            <Dialog.Title className="text-lg font-semibold">Queue</Dialog.Title>
            <Dialog.Description className="mt-0.5 text-sm text-muted">
              {queue && queue.runs.length > 0 ? 'Waiting runs start in this order. Move one with Alt ↑ and Alt ↓.' : 'Nothing runs and nothing waits.'}
            </Dialog.Description>
          </div>
          <Dialog.Close asChild>
            <IconButton icon={X} label="Close" className="-mt-1 -mr-2" />
          </Dialog.Close>
        </header>
        <ol aria-label="Runs in the queue" className="min-h-0 grow overflow-y-auto px-3 pb-3">
          {queue?.runs.map((run) => (
            <QueueRow key={run.id} run={run} runs={queue.runs} mine={run.personId === personId} onLeave={onClose} />
          ))}
        </ol>
        <footer className="border-t border-line px-5 py-3 text-sm">
          <Link to="/runs" onClick={onClose} className="text-accent-ink underline underline-offset-2">
            All runs
          </Link>
        </footer>
      </Dialog.Content>
    </Dialog.Portal>
  );
}
