import type { RunView, StepView, TaskView } from '@atelier/protocol';
import { useMutation } from '@tanstack/react-query';
import { Play } from 'lucide-react';
import type { FormEvent } from 'react';
import { useNavigate } from 'react-router';
import { useNativeSize } from '../chain/native-size.ts';
import { sendOrKeep } from '../chain/outbox.ts';
import { ParameterForm } from '../form/parameter-form.tsx';
import { Problem } from '../ui/blocks.tsx';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { againRequest } from './again-request.ts';
import { dropStepEdit, keepStepEdit, useStepEdit } from './step-edits.ts';

/** Changes parameters of one step and runs from there; what comes before is taken over with its results. Closing it throws nothing away. */
export function EditStepDialog({ run, step, task, onClose }: { run: RunView; step: StepView; task: TaskView; onClose: () => void }) {
  const navigate = useNavigate();
  const place = { runId: run.id, stepId: step.id };
  const edit = useStepEdit(run.id, step.id);
  const values = edit?.values ?? step.parameters;
  const native = useNativeSize(step.offer?.modelId);
  const again = useMutation({
    mutationFn: () => sendOrKeep(againRequest(run, step, task, values), run.name),
    onSuccess: (made) => {
      dropStepEdit(place);
      if (made) navigate(`/runs/${made.id}`);
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    again.mutate();
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => open || onClose()}
      title={`Edit ${task.title}`}
      description="The steps before it are not run again. Keep the seed to see what one change does."
      width="wide"
    >
      <form onSubmit={submit} className="flex flex-col gap-5">
        <ParameterForm
          task={task.name}
          schema={task.parameters}
          values={values}
          native={native}
          onChange={(changes) => keepStepEdit({ ...place, values: { ...values, ...changes } })}
        />
        {again.isError && <Problem error={again.error} />}
        <div className="flex justify-end gap-2">
          {edit && <Button onClick={() => dropStepEdit(place)}>Start over</Button>}
          <Button type="submit" look="primary" icon={Play} busy={again.isPending}>
            Run from here
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
