import type { StepView } from '@atelier/protocol';
import { ChevronRight } from 'lucide-react';
import { formatBytes } from '../units/bytes.ts';
import { formatSeconds } from '../units/time.ts';

/** What is needed to make a result again, and how long each part of the work took. */
export function RecipeDetails({ step }: { step: StepView }) {
  const recipe = step.outputs[0]?.recipe;
  const timings = step.attempts.findLast((attempt) => attempt.timings)?.timings;
  const parameters = Object.entries(recipe?.parameters ?? step.parameters).filter(
    ([, value]) => value !== '' && value !== undefined && JSON.stringify(value) !== '[]',
  );
  return (
    <details className="group mt-2">
      <summary className="inline-flex list-none items-center gap-1 rounded-md py-1 text-sm text-muted hover:text-ink">
        <ChevronRight aria-hidden className="size-4 transition-transform duration-150 group-open:rotate-90" />
        Recipe
      </summary>
      <dl className="mt-2 grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 text-sm">
        <Line term="Model">{recipe?.modelId ?? step.offer?.modelId ?? 'not chosen yet'}</Line>
        {recipe && <Line term="Weights">{recipe.modelHash}</Line>}
        {parameters.map(([name, value]) => (
          <Line key={name} term={name}>
            {typeof value === 'string' ? value : JSON.stringify(value)}
          </Line>
        ))}
        {timings && <Line term="Run">{formatSeconds(timings.runSeconds)}</Line>}
        {timings && timings.loadSeconds > 0 && <Line term="Load">{`${formatSeconds(timings.loadSeconds)}${timings.cold ? ', was not in memory' : ''}`}</Line>}
        {timings && timings.transferBytes > 0 && (
          <Line term="Transfer">{`${formatBytes(timings.transferBytes)} in ${formatSeconds(timings.transferSeconds)}`}</Line>
        )}
      </dl>
    </details>
  );
}

function Line({ term, children }: { term: string; children: string }) {
  return (
    <>
      <dt className="text-muted">{term}</dt>
      <dd className="number min-w-0 [overflow-wrap:anywhere] select-all">{children}</dd>
    </>
  );
}
