import type { RunView, StepView, TaskView } from '@atelier/protocol';
import { useMutation } from '@tanstack/react-query';
import { Play } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useNavigate } from 'react-router';
import { client } from '../api/client.ts';
import { ParameterForm } from '../form/parameter-form.tsx';
import { Problem } from '../ui/blocks.tsx';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { againRequest } from './again-request.ts';

/** Changes parameters of one step and runs from there; what comes before is taken over with its results. */
export function EditStepDialog({ run, step, task, onClose }: { run: RunView; step: StepView; task: TaskView; onClose: () => void }) {
  const navigate = useNavigate();
  const [values, setValues] = useState<Record<string, unknown>>(step.parameters);
  const again = useMutation({ mutationFn: () => client.runs.again(againRequest(run, step, task, values)), onSuccess: (made) => navigate(`/runs/${made.id}`) });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    again.mutate();
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => open || onClose()}
      title={`Change ${task.title}`}
      description="The steps before it are not run again. Keep the seed to see what one change does."
      width="wide"
    >
      <form onSubmit={submit} className="flex flex-col gap-5">
        <ParameterForm schema={task.parameters} values={values} onChange={(name, value) => setValues((before) => ({ ...before, [name]: value }))} />
        {again.isError && <Problem error={again.error} />}
        <div className="flex justify-end">
          <Button type="submit" look="primary" icon={Play} busy={again.isPending}>
            Run from here
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
