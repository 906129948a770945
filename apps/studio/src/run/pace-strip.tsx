import type { RunView, TaskView } from '@atelier/protocol';
import { byName, makes } from '../chain/draft.ts';
import { type Pace, paceOf, type Stretch } from '../plan-picture/pace.ts';
import { formatSeconds } from '../units/time.ts';
import { useNow } from '../units/use-now.ts';

/** The actual pace beside the predicted one, on one scale of seconds. */
export function PaceStrip({ run, tasks }: { run: RunView; tasks: readonly TaskView[] }) {
  const now = useNow(run.endedAt === null && run.startedAt !== null ? 100 : null);
  const pace = paceOf(run, now);
  if (run.plan === null) return null;
  return (
    <div className="grid grid-cols-[auto_minmax(0,1fr)_auto] sm:grid-cols-[96px_minmax(0,1fr)_auto] items-center gap-x-3 gap-y-2 border-t border-line pt-4 text-sm">
      <span className="text-muted">Predicted</span>
      <Bars pace={pace} stretches={pace.predicted} tasks={tasks} faint />
      <span className="number min-w-16 text-right whitespace-nowrap text-muted">{formatSeconds(pace.predictedSeconds)}</span>
      <span className="font-medium">Actual</span>
      <Bars pace={pace} stretches={pace.real} tasks={tasks} />
      <span className="number min-w-16 text-right whitespace-nowrap" role="timer" aria-label="Elapsed">
        {run.startedAt === null ? '–' : formatSeconds(pace.elapsedSeconds)}
      </span>
    </div>
  );
}

function Bars({ pace, stretches, tasks, faint = false }: { pace: Pace; stretches: readonly Stretch[]; tasks: readonly TaskView[]; faint?: boolean }) {
  const lane = 10;
  return (
    <div className="relative overflow-hidden rounded bg-well" style={{ height: pace.lanes * lane }}>
      {stretches.map((stretch) => (
        <div
          key={stretch.stepId}
          data-modality={makes(byName(tasks, stretch.task))}
          title={`${stretch.stepId}: ${formatSeconds(stretch.end - stretch.start)}`}
          className={`absolute rounded-sm bg-hue ${faint ? 'opacity-35' : ''} ${stretch.running ? 'rounded-r-none' : ''}`}
          style={{
            left: `${(stretch.start / pace.span) * 100}%`,
            width: `max(3px, calc(${((stretch.end - stretch.start) / pace.span) * 100}% - 2px))`,
            top: stretch.lane * lane,
            height: lane,
          }}
        />
      ))}
    </div>
  );
}
