import type { RecipeDocument, TaskView } from '@atelier/protocol';
import { byName } from '../chain/draft.ts';
import { textsOf } from '../chain/recipe-report.ts';
import { fieldsOf } from '../form/fields.ts';
import { CopyButton } from '../ui/blocks.tsx';

/** How a thing was made: the words, and of each step the model, the seed and what was chosen. */
export function ItemRecipe({ recipe, tasks }: { recipe: RecipeDocument; tasks: readonly TaskView[] }) {
  return (
    <div className="flex flex-col gap-4">
      {textsOf(recipe).map(({ name, text }) => (
        <div key={`${name} ${text}`} className="flex items-center gap-2">
          <p className="max-h-40 min-w-0 grow overflow-y-auto border-l-2 border-line-strong pl-3 text-base break-words whitespace-pre-wrap">{text}</p>
          <CopyButton text={text} label="the words" size="small" />
        </div>
      ))}
      {recipe.chain.steps.map((step) => (
        <StepRecipe key={step.id} step={step} model={recipe.modelHashes[step.id]} task={byName(tasks, step.task)} />
      ))}
    </div>
  );
}

type Step = RecipeDocument['chain']['steps'][number];

function StepRecipe({ step, model, task }: { step: Step; model: RecipeDocument['modelHashes'][string] | undefined; task: TaskView | undefined }) {
  const fields = task ? fieldsOf(task.parameters) : [];
  const chosen = fields.filter(
    (field) => field.kind !== 'seed' && field.kind !== 'objects' && step.parameters[field.name] !== undefined && step.parameters[field.name] !== field.standard,
  );
  // A variation's seed says nothing if nothing is varied.
  const seeds = fields.filter(
    ({ kind, name }) => kind === 'seed' && step.parameters[name] !== undefined && (name !== 'variationSeed' || Number(step.parameters.variationStrength) > 0),
  );
  return (
    <section aria-label={task?.title ?? step.task}>
      <h3 className="text-sm font-semibold">{task?.title ?? step.task}</h3>
      <dl className="mt-1.5 grid grid-cols-[auto_minmax(0,1fr)] items-center gap-x-4 gap-y-1 text-sm">
        {model && (
          <>
            <dt className="text-muted">Model</dt>
            <dd title={`SHA-256 ${model.modelHash}`} className="number min-w-0 [overflow-wrap:anywhere]">
              {model.modelId}
            </dd>
          </>
        )}
        {seeds.map((field) => (
          <SeedLine key={field.name} title={field.title} seed={String(step.parameters[field.name])} />
        ))}
        {chosen.map((field) => (
          <Line key={field.name} term={field.title} value={step.parameters[field.name]} unit={field.unit} />
        ))}
      </dl>
      {chosen.length === 0 && <p className="mt-1 text-xs text-muted">All other settings at their defaults.</p>}
    </section>
  );
}

function SeedLine({ title, seed }: { title: string; seed: string }) {
  return (
    <>
      <dt className="text-muted">{title}</dt>
      <dd className="number -my-1 flex items-center gap-1">
        {seed}
        <CopyButton text={seed} label={`the ${title.toLowerCase()}`} size="small" />
      </dd>
    </>
  );
}

function Line({ term, value, unit }: { term: string; value: unknown; unit: string | undefined }) {
  const shown = typeof value === 'string' ? value : typeof value === 'boolean' ? (value ? 'yes' : 'no') : JSON.stringify(value);
  return (
    <>
      <dt className="text-muted">{term}</dt>
      <dd className="number min-w-0 [overflow-wrap:anywhere]">
        {shown}
        {unit ? ` ${unit}` : ''}
      </dd>
    </>
  );
}
