import { findTask, type TaskView } from '@atelier/protocol';
import { useMutation } from '@tanstack/react-query';
import { ChevronDown, Footprints, Undo2 } from 'lucide-react';
import { type FormEvent, useMemo, useState } from 'react';
import { useNavigate } from 'react-router';
import { Card, Problem } from '../../ui/blocks.tsx';
import { Button } from '../../ui/button.tsx';
import { announce } from '../../ui/toast.tsx';
import { FramesControl } from './frames-control.tsx';
import { keptFrames } from './kept-frames.ts';
import { KeyframeStrip } from './keyframe-strip.tsx';
import { startWalk } from './start-walk.ts';
import { type Before, draft, trackPlace, useWalkDraft } from './walk-draft.ts';
import { nameOf, type WalkForm } from './walk-form.ts';
import { placed, problemOf, type WalkProblem } from './walk-problems.ts';
import { WalkSettings } from './walk-settings.tsx';

const standard = {
  frames: Number(findTask('latent-walk').parameters.shape.frames?.parse(undefined)),
  framesPerSecond: Number(findTask('frames-to-video').parameters.shape.framesPerSecond?.parse(undefined)),
};

/** Two words and a button; more on request. */
export function WalkComposer({ tasks }: { tasks: readonly TaskView[] }) {
  const { form, before, open, sending, round } = useWalkDraft();
  const navigate = useNavigate();
  const [tried, setTried] = useState<WalkForm | null>(null);
  const start = useMutation({
    mutationFn: startWalk,
    onSuccess: (made) => {
      if (!made) return;
      useWalkDraft.setState({ before: null });
      navigate(`/walks/${made.id}`);
    },
  });
  const own = problemOf(form);
  // What is still empty is no mistake until somebody asks for the walk; what the coordinator said holds until the form changes.
  const told = start.isError && start.variables === form ? placed(start.error) : null;
  const problem = told ?? (own && (tried === form || !isGap(own)) ? own : null);
  const places = [trackPlace(round), ...form.keyframes.map(({ key }) => key)];
  const underway = places.some((place) => sending[place] && !sending[place].error);
  const submit = (event?: FormEvent) => {
    event?.preventDefault();
    setTried(form);
    if (own || underway) return;
    start.mutate(form);
  };
  return (
    <Card aria-label="New walk" className="p-5 sm:p-6">
      <form onSubmit={submit} onKeyDown={(event) => event.key === 'Enter' && (event.ctrlKey || event.metaKey) && submit(event)} className="flex flex-col gap-4">
        {before && <Keeps before={before} form={form} />}
        <KeyframeStrip form={form} detailed={open || form.keyframes.length > 2} problem={problem} />
        <div className="flex flex-col gap-x-6 gap-y-3 sm:flex-row sm:items-start">
          <FramesControl
            value={Number(form.walk.frames ?? standard.frames)}
            framesPerSecond={Number(form.film.framesPerSecond ?? standard.framesPerSecond)}
            problem={aboutFrames(problem)}
            onChange={(frames) => draft.setWalk({ frames: frames })}
          />
          <div className="flex items-center justify-end gap-2">
            <Button look="quiet" aria-expanded={open} onClick={() => draft.show(!open)}>
              {open ? 'Less' : 'More'}
              <ChevronDown aria-hidden className={`size-4 transition-transform duration-150 ${open ? 'rotate-180' : ''}`} />
            </Button>
            <Button type="submit" look="primary" size="large" icon={Footprints} busy={start.isPending} disabled={underway}>
              Walk
            </Button>
          </div>
        </div>
        {problem?.place === 'whole' && <Problem error={start.isError ? start.error : new Error(problem.message)} />}
        {open && (
          <div className="border-t border-line pt-5">
            <WalkSettings form={form} tasks={tasks} problem={problem} />
            <StartOver />
          </div>
        )}
      </form>
    </Card>
  );
}

function StartOver() {
  return (
    <div className="mt-5 flex justify-end">
      <Button look="quiet" size="small" icon={Undo2} onClick={startOver}>
        Start over
      </Button>
    </div>
  );
}

function aboutFrames(problem: WalkProblem | null): string | undefined {
  if (!problem || typeof problem.place !== 'object' || !('parameter' in problem.place) || problem.place.parameter !== 'frames') return undefined;
  return [problem.message, problem.hint].filter(Boolean).join(' ');
}

const isGap = ({ place }: WalkProblem) => typeof place === 'object' && 'keyframe' in place;

function startOver(): void {
  const was = useWalkDraft.getState();
  draft.clear();
  announce('Form reset.', () => draft.putFormBack(was));
}

/** Of a walk that is changed or lengthened: how much of it need not be drawn again. */
function Keeps({ before, form }: { before: Before; form: WalkForm }) {
  const kept = useMemo(() => {
    const done = new Set(before.done);
    return keptFrames(before.form, (frame) => done.has(frame), form);
  }, [before, form]);
  return (
    <p role="status" className="flex flex-wrap items-center gap-x-3 gap-y-1 rounded-xl bg-raised px-4 py-2.5 text-sm">
      <span className="min-w-0 grow">
        From <span className="font-medium">{nameOf(before.form)}</span>.{' '}
        {kept ? (
          <span data-kept>
            <span className="number">{kept.kept}</span> of <span className="number">{kept.of}</span> frames are kept
            {kept.kept < kept.of ? `, ${kept.of - kept.kept} will be drawn` : ''}.
          </span>
        ) : (
          'Complete the form to see how many frames are kept.'
        )}
      </span>
      <Button look="quiet" size="small" className="-my-1 -mr-2" onClick={() => useWalkDraft.setState({ before: null })}>
        Start from scratch
      </Button>
    </p>
  );
}
