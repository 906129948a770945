import { ArrowRight, Plus } from 'lucide-react';
import { Fragment } from 'react';
import { announce } from '../../ui/toast.tsx';
import { KeyframeCard } from './keyframe-card.tsx';
import { draft } from './walk-draft.ts';
import type { WalkForm } from './walk-form.ts';
import type { WalkProblem } from './walk-problems.ts';

interface KeyframeStripProps {
  form: WalkForm;
  detailed: boolean;
  problem: WalkProblem | null;
}

/** The points of the way in a row: two lines of words at first, cards with everything on request. */
export function KeyframeStrip({ form, detailed, problem }: KeyframeStripProps) {
  const loop = form.walk.loop === true;
  const remove = (key: string) => {
    const index = form.keyframes.findIndex((one) => one.key === key);
    const removed = form.keyframes[index];
    if (!removed) return;
    draft.remove(key);
    announce('The keyframe is removed.', () => draft.putBack(removed, index));
  };
  return (
    <div
      className={
        detailed
          ? 'relative -mx-5 flex snap-x items-stretch gap-2 overflow-x-auto px-5 pb-2 sm:-mx-6 sm:px-6'
          : 'flex flex-col items-stretch gap-2 sm:flex-row sm:items-start'
      }
    >
      {form.keyframes.map((keyframe, index) => (
        <Fragment key={keyframe.key}>
          {index > 0 && (
            <span aria-hidden className={`grid place-items-center text-faint ${detailed ? '' : 'h-6 max-sm:rotate-90 sm:h-14'}`}>
              <ArrowRight className="size-5" />
            </span>
          )}
          <KeyframeCard
            keyframe={keyframe}
            index={index}
            count={form.keyframes.length}
            detailed={detailed}
            leadsOn={loop || index < form.keyframes.length - 1}
            problem={problem && typeof problem.place === 'object' && 'keyframe' in problem.place && problem.place.keyframe === index ? problem : undefined}
            onRemove={() => remove(keyframe.key)}
          />
        </Fragment>
      ))}
      {detailed && (
        <button
          type="button"
          onClick={() => draft.add()}
          className="grid w-28 shrink-0 place-items-center content-center gap-2 rounded-2xl border border-dashed border-line-strong/70 text-sm text-muted transition-colors hover:border-muted hover:text-ink"
        >
          <Plus aria-hidden className="size-5" />
          Add a keyframe
        </button>
      )}
    </div>
  );
}
