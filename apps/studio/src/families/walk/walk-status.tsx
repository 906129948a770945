import type { RunView, StepView } from '@atelier/protocol';
import { History } from 'lucide-react';
import { countStates, type Share } from '../../shards/shard-states.ts';
import { ProgressBar } from '../../ui/blocks.tsx';
import { formatRange, formatSeconds, secondsBetween } from '../../units/time.ts';
import { useNow } from '../../units/use-now.ts';
import type { Frame } from './frame-states.ts';
import { walkRemaining } from './walk-pace.ts';

/** How far the walk is, how long it still takes, and who draws it. */
export function WalkStatus({ run, step, frames, shares }: { run: RunView; step: StepView; frames: readonly Frame[]; shares: readonly Share[] }) {
  const counts = countStates(frames);
  const done = counts.done + counts.cached;
  const drawing = run.endedAt === null && done < frames.length;
  return (
    <div data-modality="video" className="flex flex-col gap-5">
      <div>
        <p className="flex items-baseline gap-1.5">
          <span className="number text-2xl! font-semibold tracking-tight">{done}</span>
          <span className="text-base text-muted">of {frames.length} frames</span>
        </p>
        <ProgressBar fraction={frames.length === 0 ? 0 : done / frames.length} label="Frames that are finished" className="mt-2" />
        <p className="number mt-2 min-h-5 text-sm text-muted">
          {drawing ? <Left run={run} step={step} /> : <Took step={step} done={done} of={frames.length} />}
        </p>
      </div>
      {counts.cached > 0 && (
        <p className="flex items-start gap-2 text-sm">
          <History aria-hidden className="mt-0.5 size-4 shrink-0 text-muted" />
          <span>
            {step.reused
              ? 'All frames were reused from an earlier run.'
              : `${counts.cached} ${counts.cached === 1 ? 'frame was' : 'frames were'} reused from the cache.`}
          </span>
        </p>
      )}
      {shares.length > 0 && <Shares shares={shares} />}
    </div>
  );
}

function Left({ run, step }: { run: RunView; step: StepView }) {
  const now = useNow(1000);
  if (run.state === 'paused') return 'Paused. Frames that have started will finish.';
  if (step.state !== 'running' && step.state !== 'queued') return 'Waiting to start';
  const remaining = walkRemaining(step, now);
  if (remaining.kind === 'range') return remaining.high < 0.5 ? 'Almost done' : `${formatRange(Math.max(1, remaining.low), Math.max(1, remaining.high))} left`;
  if (remaining.kind === 'longer') return `Taking longer than the expected ${formatSeconds(remaining.expected)}`;
  return 'Starting';
}

function Took({ step, done, of }: { step: StepView; done: number; of: number }) {
  if (done < of) return of - done === 1 ? '1 frame was not drawn' : `${of - done} frames were not drawn`;
  if (step.reused || !step.startedAt || !step.endedAt) return '';
  return `Took ${formatSeconds(secondsBetween(step.startedAt, step.endedAt))}`;
}

/** The machines that share the walk, and how much of it each drew. */
function Shares({ shares }: { shares: readonly Share[] }) {
  return (
    <section aria-label="Machines">
      <h2 className="mb-2 text-sm font-semibold text-muted">{shares.length === 1 ? 'One machine' : `${shares.length} machines`}</h2>
      <ul className="flex flex-col gap-2.5">
        {shares.map(({ edgeId, name, done, running, part }) => (
          <li key={edgeId}>
            <p className="flex items-baseline justify-between gap-3 text-sm">
              <span className="truncate">{name}</span>
              <span className="number shrink-0 text-xs text-muted">
                {running > 0 && `${running} generating · `}
                {done} · {Math.round(part * 100)} %
              </span>
            </p>
            <div aria-hidden className="mt-1 h-1 overflow-hidden rounded-full bg-pressed">
              <div className="h-full rounded-full bg-muted transition-[width] duration-200" style={{ width: `${part * 100}%` }} />
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
