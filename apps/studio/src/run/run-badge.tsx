import type { RunState } from '@atelier/protocol';
import { Hourglass } from 'lucide-react';
import { useQueued } from '../api/use-queue.ts';
import { StateBadge } from '../ui/state.tsx';
import { formatSeconds } from '../units/time.ts';
import { waitingWords } from './waiting-words.ts';

/** The state of a run as people mean it: one whose steps wait for a machine waits, and says for how many. */
export function RunBadge({ run }: { run: { readonly id: string; readonly state: RunState } }) {
  const queued = useQueued(run.id);
  const waits = run.state === 'running' || run.state === 'planning' ? waitingWords(queued) : null;
  if (waits === null) return <StateBadge state={run.state} />;
  return (
    <span className="inline-flex items-center gap-1.5 text-sm font-medium whitespace-nowrap text-muted">
      <Hourglass aria-hidden className="size-4" />
      {waits}
    </span>
  );
}

/** "about 24 s left", by the same figures as the pill at the top. */
export function TimeLeft({ runId }: { runId: string }) {
  const seconds = useQueued(runId)?.seconds;
  if (seconds === null || seconds === undefined || seconds < 0.5) return null;
  return <span className="number">about {formatSeconds(seconds)} left</span>;
}
