import type { RunView } from '@atelier/protocol';
import { useMutation } from '@tanstack/react-query';
import { CirclePlay, Pause, Play, Square } from 'lucide-react';
import { api, client, queries } from '../api/client.ts';
import { Button } from '../ui/button.tsx';
import { announce, complain } from '../ui/toast.tsx';
import { MendButton } from './mend-button.tsx';
import { mendingOf } from './mending.ts';

export const isOpen = (run: Pick<RunView, 'state'>) => run.state === 'running' || run.state === 'planning' || run.state === 'paused';

interface RunControlsProps {
  run: RunView;
  /** The run goes on: watch it again. */
  onGoesOn: () => void;
  /** What is kept where the run is stopped now. */
  kept: (stopped: RunView) => string;
}

/** Pause, resume, stop and continue: whichever the run can do now. */
export function RunControls({ run, onGoesOn, kept }: RunControlsProps) {
  const changed = () => void queries.invalidateQueries({ queryKey: api.queue.key() });
  const stop = useMutation({
    mutationFn: () => client.runs.cancel({ id: run.id }),
    onSuccess: (stopped) => {
      announce(kept(stopped));
      changed();
    },
    onError: complain,
  });
  const pause = useMutation({ mutationFn: () => client.runs.pause({ id: run.id }), onSuccess: changed, onError: complain });
  const resume = useMutation({ mutationFn: () => client.runs.resume({ id: run.id }), onSuccess: changed, onError: complain });
  const goOn = useMutation({ mutationFn: () => client.runs.continue({ id: run.id }), onSuccess: onGoesOn, onError: complain });
  const failed = run.steps.find((step) => step.state === 'failed');
  return (
    <>
      {run.state === 'running' && (
        <Button icon={Pause} busy={pause.isPending} onClick={() => pause.mutate()}>
          Pause
        </Button>
      )}
      {run.state === 'paused' && (
        <Button look="primary" icon={Play} busy={resume.isPending} onClick={() => resume.mutate()}>
          Resume
        </Button>
      )}
      {isOpen(run) && (
        <Button look="danger" icon={Square} busy={stop.isPending} onClick={() => stop.mutate()}>
          Stop
        </Button>
      )}
      {run.state === 'failed' && failed && <MendButton run={run} step={failed} onAgain={() => goOn.mutate()} busy={goOn.isPending} />}
      {run.state === 'failed' && (!failed || mendingOf(failed) !== 'again') && (
        <Button icon={CirclePlay} busy={goOn.isPending} onClick={() => goOn.mutate()}>
          Continue
        </Button>
      )}
    </>
  );
}
