import type { RunView, TaskView } from '@atelier/protocol';
import { useMutation } from '@tanstack/react-query';
import { ChevronDown, Copy, Dices, PencilLine, RotateCcw } from 'lucide-react';
import { Link, useNavigate } from 'react-router';
import { compose } from '../chain/composer-state.ts';
import { sendOrKeep } from '../chain/outbox.ts';
import { toComposer } from '../chain/uses.ts';
import { NotifyButton } from '../notices/notify-button.tsx';
import { Ago } from '../ui/blocks.tsx';
import { Button } from '../ui/button.tsx';
import { Menu, MenuItem } from '../ui/menu.tsx';
import { complain } from '../ui/toast.tsx';
import { RunBadge, TimeLeft } from './run-badge.tsx';
import { isOpen, RunControls } from './run-controls.tsx';

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
            <RunBadge run={run} />
          </span>
          {run.endedAt === null && <TimeLeft runId={run.id} />}
          <Ago time={run.createdAt} />
          {run.parentRunId && (
            <Link to={`/runs/${run.parentRunId}`} className="text-accent-ink underline underline-offset-2">
              Made from an earlier run
            </Link>
          )}
          {run.planVersion > 1 && (
            <span>
              Replanned {run.planVersion - 1} {run.planVersion === 2 ? 'time' : 'times'}
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
  const edit = () => {
    compose.loadRun(run, tasks);
    navigate('/', toComposer);
  };
  return (
    <div className="flex flex-wrap items-center gap-2">
      {isOpen(run) && <NotifyButton runId={run.id} />}
      <RunControls run={run} onGoesOn={onGoesOn} kept={keptSteps} />
      {!isOpen(run) && (
        <Button icon={PencilLine} onClick={edit}>
          Edit
        </Button>
      )}
      {!isOpen(run) && <AgainMenu run={run} />}
    </div>
  );
}

function keptSteps(stopped: RunView): string {
  const kept = stopped.steps.filter((step) => step.outputs.length > 0).length;
  return kept === 0 ? 'Stopped. No step had finished yet.' : `Stopped. The results of ${kept} ${kept === 1 ? 'step are' : 'steps are'} kept.`;
}

function AgainMenu({ run }: { run: RunView }) {
  const navigate = useNavigate();
  const again = useMutation({
    mutationFn: (seed: 'same' | 'new') => sendOrKeep({ id: run.id, seed }, run.name),
    onSuccess: (made) => made && navigate(`/runs/${made.id}`),
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
