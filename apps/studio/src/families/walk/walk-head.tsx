import type { RunView } from '@atelier/protocol';
import { useMutation } from '@tanstack/react-query';
import { ChevronDown, CirclePlay, MoveHorizontal, PencilLine, Plus, Rows3 } from 'lucide-react';
import { Link, useNavigate } from 'react-router';
import { NotifyButton } from '../../notices/notify-button.tsx';
import { isOpen, RunControls } from '../../run/run-controls.tsx';
import { Ago } from '../../ui/blocks.tsx';
import { Button } from '../../ui/button.tsx';
import { Menu, MenuItem } from '../../ui/menu.tsx';
import { StateBadge } from '../../ui/state.tsx';
import { complain } from '../../ui/toast.tsx';
import type { Frame } from './frame-states.ts';
import { keptFrames, twiceAsFine, withKeyframe } from './kept-frames.ts';
import { startWalk } from './start-walk.ts';
import { draft } from './walk-draft.ts';
import { formOf, keyframe, type WalkForm } from './walk-form.ts';

interface WalkHeadProps {
  run: RunView;
  frames: readonly Frame[];
  onGoesOn: () => void;
}

/** What the walk is called, how it stands, and what can be done with it. */
export function WalkHead({ run, frames, onGoesOn }: WalkHeadProps) {
  const done = frames.filter(({ outputId }) => outputId !== null).length;
  return (
    <header className="flex flex-wrap items-start justify-between gap-x-6 gap-y-4">
      <div className="min-w-0">
        <p className="mb-1 text-sm text-muted">
          <Link to="/walks" className="hover:text-ink hover:underline">
            Walks
          </Link>
        </p>
        <h1 className="text-xl font-semibold tracking-tight break-words">{run.name}</h1>
        <div className="mt-2 flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-muted">
          <span aria-live="polite">
            <StateBadge state={run.state} />
          </span>
          <Ago time={run.createdAt} />
          {run.parentRunId && (
            <Link to={`/walks/${run.parentRunId}`} className="text-accent-ink underline underline-offset-2">
              Made from an earlier walk
            </Link>
          )}
          <Link to={`/runs/${run.id}`} className="inline-flex items-center gap-1 hover:text-ink hover:underline">
            <Rows3 aria-hidden className="size-3.5" />
            Plan and recipe
          </Link>
        </div>
      </div>
      <div className="flex flex-wrap items-center gap-2">
        {isOpen(run) && <NotifyButton runId={run.id} />}
        <RunControls run={run} onGoesOn={onGoesOn} kept={() => (done === 0 ? 'Stopped. No frame was finished yet.' : `Stopped. ${done} frames are kept.`)} />
        <ChangeActions run={run} frames={frames} />
      </div>
    </header>
  );
}

function ChangeActions({ run, frames }: { run: RunView; frames: readonly Frame[] }) {
  const navigate = useNavigate();
  const form = formOf(run);
  const done = frames.flatMap(({ outputId }, index) => (outputId ? [index] : []));
  const change = (changed: WalkForm) => {
    draft.begin(changed, { runId: run.id, form, done }, true);
    navigate('/walks');
  };
  const rest = useMutation({ mutationFn: () => startWalk(form), onSuccess: (made) => made && navigate(`/walks/${made.id}`), onError: complain });
  return (
    <>
      {run.state === 'cancelled' && done.length < frames.length && (
        <Button icon={CirclePlay} look="primary" busy={rest.isPending} onClick={() => rest.mutate()}>
          {done.length === 0 ? 'Walk again' : 'Draw the rest'}
        </Button>
      )}
      <Button icon={PencilLine} onClick={() => change(form)}>
        Edit
      </Button>
      {!isOpen(run) && (
        <Menu
          trigger={
            <Button icon={MoveHorizontal} look={run.state === 'succeeded' ? 'primary' : 'plain'}>
              Lengthen
              <ChevronDown aria-hidden className="-mr-1 size-4 opacity-70" />
            </Button>
          }
        >
          <Lengthening form={form} done={done} onTake={change} />
        </Menu>
      )}
    </>
  );
}

/** Ways to make a walk longer, each with what it keeps. Drawn only when the menu opens, because it compares every frame. */
function Lengthening({ form, done, onTake }: { form: WalkForm; done: readonly number[]; onTake: (form: WalkForm) => void }) {
  const finished = new Set(done);
  // A new keyframe counts as one of its own, whatever will be written into it.
  const further = withKeyframe(form, keyframe('…'));
  const finer = twiceAsFine(form);
  return (
    <>
      <MenuItem icon={Plus} hint={keepWords(form, finished, further)} onSelect={() => onTake(withKeyframe(form))}>
        Go on to another keyframe
      </MenuItem>
      <MenuItem icon={MoveHorizontal} hint={keepWords(form, finished, finer)} onSelect={() => onTake(finer)}>
        Twice the frames, twice as long
      </MenuItem>
    </>
  );
}

function keepWords(before: WalkForm, done: ReadonlySet<number>, after: WalkForm): string {
  const kept = keptFrames(before, (frame) => done.has(frame), after);
  if (!kept) return 'Opens the form';
  return `${kept.of} frames: ${kept.kept} are kept, ${kept.of - kept.kept} are drawn`;
}
