import type { QueueView } from '@atelier/protocol';
import { LoaderCircle } from 'lucide-react';
import { Dialog } from 'radix-ui';
import { useState } from 'react';
import { useQueue } from '../api/use-queue.ts';
import { formatSeconds } from '../units/time.ts';
import { QueueDrawer } from './queue-drawer.tsx';

/** "3 running, 12 waiting, about 40 s". */
function queueWords(queue: QueueView): string {
  if (queue.running + queue.waiting === 0) return 'Idle';
  const parts = [`${queue.running} running`];
  if (queue.waiting > 0) parts.push(`${queue.waiting} waiting`);
  if (queue.seconds > 0) parts.push(`about ${formatSeconds(queue.seconds)}`);
  return parts.join(', ');
}

/** What runs, in a few words; a press shows it run by run. */
export function QueuePill({ personId }: { personId: string }) {
  const [open, setOpen] = useState(false);
  const queue = useQueue();
  const busy = (queue.data?.running ?? 0) + (queue.data?.waiting ?? 0) > 0;
  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <Dialog.Trigger
        aria-live="off"
        className={`number mr-1 inline-flex h-8 items-center gap-2 rounded-full border border-line px-3 text-xs whitespace-nowrap hover:bg-raised ${busy ? 'text-ink' : 'text-muted max-sm:hidden'}`}
      >
        {busy && <LoaderCircle aria-hidden className="turn size-3.5 text-accent-ink" />}
        {queue.data ? queueWords(queue.data) : 'Idle'}
      </Dialog.Trigger>
      <QueueDrawer queue={queue.data} personId={personId} onClose={() => setOpen(false)} />
    </Dialog.Root>
  );
}
