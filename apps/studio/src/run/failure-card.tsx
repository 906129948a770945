import type { AttemptView, RunView, StepView } from '@atelier/protocol';
import { CircleAlert } from 'lucide-react';
import { CopyButton } from '../ui/blocks.tsx';
import { formatSeconds, secondsBetween } from '../units/time.ts';

/** A failure, in the order in which people ask: what happened, on which machine, what was kept, what to do now. */
export function FailureCard({ run, step, title }: { run: RunView; step: StepView; title: string }) {
  const last = step.attempts.at(-1);
  const error = step.error ?? last?.error ?? run.error;
  const kept = run.steps.filter((one) => one.outputs.length > 0).length;
  return (
    <div role="alert" className="rounded-xl bg-bad-soft p-4">
      <p className="flex items-start gap-2 font-medium">
        <CircleAlert aria-hidden className="mt-1 size-4 shrink-0 text-bad" />
        <span className="min-w-0 break-words">{error?.message ?? `${title} could not be finished.`}</span>
      </p>
      <dl className="mt-3 grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 text-sm">
        <dt className="text-muted">Where</dt>
        <dd>{last ? `${last.modelId} on ${last.edgeName}` : 'before it reached a machine'}</dd>
        <dt className="text-muted">Kept</dt>
        <dd>{kept === 0 ? 'Nothing was finished before it.' : `The results of ${kept} ${kept === 1 ? 'step' : 'steps'}.`}</dd>
        <dt className="text-muted">Now</dt>
        <dd className="text-pretty">{error?.hint ?? 'Try this step again, on another machine if there is one. Or edit the step and run from here.'}</dd>
      </dl>
      {step.attempts.length > 0 && <AttemptLog attempts={step.attempts} />}
    </div>
  );
}

/** What each attempt came to, and the last lines that the process of the last one wrote. */
function AttemptLog({ attempts }: { attempts: readonly AttemptView[] }) {
  const log = attempts.findLast((attempt) => attempt.log)?.log;
  return (
    <details className="mt-3">
      <summary className="rounded-md text-sm text-muted hover:text-ink">Log</summary>
      <ol className="number mt-2 space-y-1 text-xs">
        {attempts.map((attempt, index) => (
          <li key={attempt.id} className="break-words">
            {index + 1}. {line(attempt)}
          </li>
        ))}
      </ol>
      {log && (
        <div className="relative mt-3">
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by key. */}
          <section tabIndex={0} aria-label="Last lines of the log" className="max-h-56 overflow-auto rounded-lg bg-well">
            <pre className="number py-3 pr-12 pl-3 text-xs">{log}</pre>
          </section>
          <div className="absolute top-1.5 right-1.5">
            <CopyButton text={log} label="the log" size="small" />
          </div>
        </div>
      )}
    </details>
  );
}

function line(attempt: AttemptView): string {
  const time = attempt.startedAt && attempt.endedAt ? ` after ${formatSeconds(secondsBetween(attempt.startedAt, attempt.endedAt))}` : '';
  const why = attempt.error ? `: ${attempt.error.code}, ${attempt.error.message}` : '';
  return `${attempt.edgeName}, ${attempt.modelId}: ${attempt.state}${time}${why}`;
}
