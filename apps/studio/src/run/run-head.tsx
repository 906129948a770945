import type { RunView, TaskView } from '@atelier/protocol';
import { useMutation } from '@tanstack/react-query';
import { ChevronDown, CirclePlay, Copy, Dices, Pause, PencilLine, Play, RotateCcw, Square } from 'lucide-react';
import { Link, useNavigate } from 'react-router';
import { api, client, queries } from '../api/client.ts';
import { compose } from '../chain/composer-state.ts';
import { Ago } from '../ui/blocks.tsx';
import { Button } from '../ui/button.tsx';
import { Menu, MenuItem } from '../ui/menu.tsx';
import { StateBadge } from '../ui/state.tsx';
import { announce, complain } from '../ui/toast.tsx';

interface RunHeadProps {
  run: RunView;
  tasks: readonly TaskView[];
  /** The run goes on: watch it again. */
  onGoesOn: () => void;
}

export function RunHead({ run, tasks, onGoesOn }: RunHeadProps) {
  return (
    <header className="flex flex-wrap items-start justify-between gap-x-6 gap-y-4">
      <div className="min-w-0">
        <p className="mb-1 text-sm text-muted">
          <Link to="/runs" className="hover:text-ink hover:underline">
            Runs
          </Link>
        </p>
        <h1 className="text-xl font-semibold tracking-tight break-words">{run.name}</h1>
        <div className="mt-2 flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-muted">
          <span aria-live="polite">
            <StateBadge state={run.state} />
          </span>
          <Ago time={run.createdAt} />
          {run.parentRunId && (
            <Link to={`/runs/${run.parentRunId}`} className="text-accent-ink underline underline-offset-2">
              Made from an earlier run
            </Link>
          )}
          {run.planVersion > 1 && (
            <span>
              Planned again {run.planVersion - 1} {run.planVersion === 2 ? 'time' : 'times'}
            </span>
          )}
        </div>
      </div>
      <RunActions run={run} tasks={tasks} onGoesOn={onGoesOn} />
    </header>
  );
}

function RunActions({ run, tasks, onGoesOn }: RunHeadProps) {
  const navigate = useNavigate();
  const changed = () => void queries.invalidateQueries({ queryKey: api.queue.key() });
  const stop = useMutation({
    mutationFn: () => client.runs.cancel({ id: run.id }),
    onSuccess: (stopped) => {
      const kept = stopped.steps.filter((step) => step.outputs.length > 0).length;
      announce(kept === 0 ? 'Stopped. No step had finished yet.' : `Stopped. The results of ${kept} ${kept === 1 ? 'step are' : 'steps are'} kept.`);
      changed();
    },
    onError: complain,
  });
  const pause = useMutation({ mutationFn: () => client.runs.pause({ id: run.id }), onSuccess: changed, onError: complain });
  const resume = useMutation({ mutationFn: () => client.runs.resume({ id: run.id }), onSuccess: changed, onError: complain });
  const goOn = useMutation({ mutationFn: () => client.runs.continue({ id: run.id }), onSuccess: onGoesOn, onError: complain });
  const open = run.state === 'running' || run.state === 'planning' || run.state === 'paused';
  const edit = () => {
    compose.loadRun(run, tasks);
    navigate('/');
  };
  return (
    <div className="flex flex-wrap items-center gap-2">
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
      {open && (
        <Button look="danger" icon={Square} busy={stop.isPending} onClick={() => stop.mutate()}>
          Stop
        </Button>
      )}
      {run.state === 'failed' && (
        <Button look="primary" icon={CirclePlay} busy={goOn.isPending} onClick={() => goOn.mutate()}>
          Continue
        </Button>
      )}
      {!open && (
        <Button icon={PencilLine} onClick={edit}>
          Edit
        </Button>
      )}
      {!open && <AgainMenu run={run} />}
    </div>
  );
}

function AgainMenu({ run }: { run: RunView }) {
  const navigate = useNavigate();
  const again = useMutation({
    mutationFn: (seed: 'same' | 'new') => client.runs.again({ id: run.id, seed }),
    onSuccess: (made) => navigate(`/runs/${made.id}`),
    onError: complain,
  });
  const trigger = (
    <Button icon={RotateCcw} busy={again.isPending} look={run.state === 'succeeded' ? 'primary' : 'plain'}>
      Run again
      <ChevronDown aria-hidden className="-mr-1 size-4 opacity-70" />
    </Button>
  );
  return (
    <Menu trigger={trigger}>
      <MenuItem icon={Dices} hint="Another result of the same chain" onSelect={() => again.mutate('new')}>
        With new seeds
      </MenuItem>
      <MenuItem icon={Copy} hint="The same result on the same machines" onSelect={() => again.mutate('same')}>
        With the same seeds
      </MenuItem>
    </Menu>
  );
}
