import { modalities, type RunState, type StepState } from '@atelier/protocol';
import { Play, Plus, Square, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { MachineCard } from '../fleet/machine-card.tsx';
import { ParameterForm } from '../form/parameter-form.tsx';
import { Prose } from '../media/output-view.tsx';
import { PlanPicture } from '../plan-picture/plan-picture.tsx';
import { PlanTable } from '../plan-picture/plan-table.tsx';
import { FailureCard } from '../run/failure-card.tsx';
import { PaceStrip } from '../run/pace-strip.tsx';
import { FamilyView, families } from '../task-views/index.ts';
import { Card, Copyable, Empty, Key, Problem, ProgressBar, Skeleton } from '../ui/blocks.tsx';
import { Button, IconButton } from '../ui/button.tsx';
import { TextField } from '../ui/fields.tsx';
import { ModalityTag } from '../ui/modality.tsx';
import { Select } from '../ui/select.tsx';
import { StateBadge } from '../ui/state.tsx';
import { GallerySamples, Part } from './design-gallery.tsx';
import { sampleEdge, samplePlan, sampleRun, sampleTasks } from './design-samples.ts';

/** Every component in both themes, side by side. In development only; pictures of it are a test. */
export function Component() {
  return (
    <main className="grid min-h-dvh grid-cols-1 xl:grid-cols-2">
      {(['dark', 'light'] as const).map((theme) => (
        <div key={theme} data-theme={theme} className="flex min-w-0 flex-col gap-8 bg-ground p-6 text-ink sm:p-10">
          <h1 className="text-2xl font-semibold tracking-tight">{theme === 'dark' ? 'Dark' : 'Light'}</h1>
          <Signs />
          <Controls />
          <Plans />
          {families().map(({ name, samples }) => samples && <FamilyView key={name} load={samples} props={{}} />)}
          <States />
          <GallerySamples />
        </div>
      ))}
    </main>
  );
}

const states: ReadonlyArray<RunState | StepState> = ['planning', 'waiting', 'ready', 'queued', 'running', 'paused', 'succeeded', 'failed', 'cancelled'];
const sizes = ['text-2xl', 'text-xl', 'text-lg', 'text-base', 'text-sm', 'text-xs'] as const;

function Signs() {
  return (
    <>
      <Part title="Type">
        {sizes.map((size) => (
          <p key={size} className={`${size} truncate`}>
            A castle on a blue background <span className="number">128 × 128</span>
          </p>
        ))}
      </Part>
      <Part title="Modalities">
        <div className="flex flex-wrap gap-2">
          {modalities.map((modality) => (
            <ModalityTag key={modality} modality={modality} />
          ))}
        </div>
      </Part>
      <Part title="States">
        <div className="flex flex-wrap gap-x-5 gap-y-2">
          {states.map((state) => (
            <StateBadge key={state} state={state} />
          ))}
        </div>
      </Part>
    </>
  );
}

function Controls() {
  const [values, setValues] = useState<Record<string, unknown>>({ steps: 30 });
  const [choice, setChoice] = useState('one');
  const options = [
    { value: 'one', label: 'One' },
    { value: 'two', label: 'Two' },
  ];
  return (
    <>
      <Part title="Buttons">
        <div className="flex flex-wrap items-center gap-2">
          <Button look="primary" icon={Play}>
            Run
          </Button>
          <Button look="soft" icon={Play}>
            Run
          </Button>
          <Button icon={Plus}>Add a step</Button>
          <Button look="quiet">Quiet</Button>
          <Button look="danger" icon={Square}>
            Stop
          </Button>
          <Button look="primary" busy>
            Busy
          </Button>
          <Button disabled>Disabled</Button>
          <IconButton icon={Trash2} label="Remove" />
          <Key>Ctrl</Key>
          <Key>K</Key>
        </div>
      </Part>
      <Part title="Fields">
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField label="Name" placeholder="My laptop" hint="Shown in the list." />
          <TextField label="Email" defaultValue="ada" problem="Write an address." />
          <Select label="Choice" value={choice} onChange={setChoice} options={options} />
          <Copyable text="npx atelier edge --join http://studio:4747 --token …" label="the command" />
        </div>
      </Part>
      <Part title="Parameters">
        <Card className="p-5">
          <ParameterForm
            schema={sampleTasks[2]?.parameters ?? {}}
            values={values}
            native={{ side: 512, only: false, title: 'A model' }}
            onChange={(changes) => setValues((before) => ({ ...before, ...changes }))}
          />
        </Card>
      </Part>
    </>
  );
}

const progress = Object.fromEntries(sampleRun.steps.map((step) => [step.id, { state: step.state, fraction: step.state === 'running' ? 0.6 : 0 }]));

function Plans() {
  return (
    <Part title="Plans">
      <div className="flex flex-col gap-4">
        <Card className="flex flex-col gap-4 p-5">
          <PlanPicture {...samplePlan} tasks={sampleTasks} />
          {samplePlan.plans[0] && <PlanTable plan={samplePlan.plans[0]} rejected={samplePlan.rejected} />}
        </Card>
        <Card className="flex flex-col gap-4 p-5">
          <PlanPicture {...samplePlan} tasks={sampleTasks} progress={progress} />
          <PaceStrip run={sampleRun} tasks={sampleTasks} />
        </Card>
      </div>
    </Part>
  );
}

function States() {
  const failed = sampleRun.steps[2];
  return (
    <>
      <Part title="Waiting">
        <div className="flex flex-col gap-3">
          <Skeleton className="h-14" />
          <ProgressBar fraction={0.4} label="Progress" />
          <ProgressBar fraction={null} label="Progress that is not known" />
          <div data-modality="text">
            <Prose text="a shiny red apple on a blue" growing />
          </div>
        </div>
      </Part>
      <Part title="Failures">
        <div className="flex flex-col gap-3">
          <Problem error={new Error('The studio did not answer as it should.')} onRetry={() => undefined} />
          {failed && <FailureCard run={sampleRun} step={failed} title="Text to image" />}
        </div>
      </Part>
      <Part title="Machine">
        <MachineCard edge={sampleEdge} catalogue={[]} services={[]} owner />
      </Part>
      <Part title="Empty">
        <Card>
          <Empty
            title="Nothing has run yet"
            picture={<div className="h-12 w-48 rounded-xl border border-line" />}
            action={<Button look="primary">Start a chain</Button>}
          >
            Each run keeps its results, its recipe and the machines that it ran on.
          </Empty>
        </Card>
      </Part>
    </>
  );
}
