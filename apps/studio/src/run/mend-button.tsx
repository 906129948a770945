import type { RunView, StepView } from '@atelier/protocol';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Download, FileInput, PencilLine, RotateCcw } from 'lucide-react';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { api, client, queries } from '../api/client.ts';
import { useMe } from '../api/session.ts';
import { compose } from '../chain/composer-state.ts';
import { byName } from '../chain/draft.ts';
import { toComposer } from '../chain/uses.ts';
import { Button } from '../ui/button.tsx';
import { announce, complain } from '../ui/toast.tsx';
import { EditStepDialog } from './edit-step-dialog.tsx';
import { mendingOf, type Pull, pullFor } from './mending.ts';

interface MendButtonProps {
  run: RunView;
  step: StepView;
  /** Tries the failed steps again. */
  onAgain: () => void;
  busy: boolean;
}

/** The first button of a failed run: it mends the cause, rather than trying the same again. */
export function MendButton({ run, step, onAgain, busy }: MendButtonProps) {
  const mending = mendingOf(step);
  if (mending === 'pull') return <PullButton run={run} step={step} />;
  if (mending === 'edit') return <EditButton run={run} step={step} />;
  if (mending === 'choose-input') return <ChooseInput run={run} />;
  return (
    <Button look="primary" icon={RotateCcw} busy={busy} onClick={onAgain}>
      Try again
    </Button>
  );
}

/** Brings the model that the step needs, or leads to where models and machines are. */
function PullButton({ run, step }: { run: RunView; step: StepView }) {
  const owner = useMe().data?.role === 'owner';
  const models = useQuery(api.models.queryOptions({ staleTime: 60_000 }));
  const edges = useQuery(api.edges.list.queryOptions());
  const pull = useMutation({
    mutationFn: ({ edge, model }: Pull) => client.edges.pullModel({ id: edge.id, modelId: model.manifest.id }),
    onSuccess: (_, { edge, model }) => {
      announce(`${edge.name} pulls ${model.manifest.title}. Try again when it is ready.`);
      void queries.invalidateQueries({ queryKey: api.edges.key() });
      void queries.invalidateQueries({ queryKey: api.models.key() });
    },
    onError: complain,
  });
  const navigate = useNavigate();
  const wanted = owner ? pullFor(run, step, models.data ?? [], edges.data ?? []) : null;
  if (!wanted) {
    return (
      <Button look="primary" icon={Download} onClick={() => navigate('/fleet')}>
        See models and machines
      </Button>
    );
  }
  return (
    <Button look="primary" icon={Download} busy={pull.isPending} onClick={() => pull.mutate(wanted)}>
      Pull {wanted.model.manifest.title} to {wanted.edge.name}
    </Button>
  );
}

function EditButton({ run, step }: { run: RunView; step: StepView }) {
  const [editing, setEditing] = useState(false);
  const tasks = useQuery(api.tasks.queryOptions({ staleTime: 300_000 }));
  const task = byName(tasks.data ?? [], step.task);
  return (
    <>
      <Button look="primary" icon={PencilLine} disabled={!task} onClick={() => setEditing(true)}>
        Edit {task?.title ?? step.task}
      </Button>
      {task && editing && <EditStepDialog run={run} step={step} task={task} onClose={() => setEditing(false)} />}
    </>
  );
}

function ChooseInput({ run }: { run: RunView }) {
  const navigate = useNavigate();
  const tasks = useQuery(api.tasks.queryOptions({ staleTime: 300_000 }));
  const edit = () => {
    compose.loadRun(run, tasks.data ?? []);
    navigate('/', toComposer);
  };
  return (
    <Button look="primary" icon={FileInput} disabled={!tasks.data} onClick={edit}>
      Choose another input
    </Button>
  );
}
