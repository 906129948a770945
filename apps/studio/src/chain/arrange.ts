import type { Draft, DraftStep } from './draft.ts';

/**
 * The draft with a step moved among the others. A wire that would read a step which comes later now is dropped, so that the
 * next resolving wires it again.
 * @param by -1 for one place earlier, 1 for one later; at either end nothing changes
 */
export function movedStep(draft: Draft, id: string, by: -1 | 1): Draft {
  const from = draft.steps.findIndex((step) => step.id === id);
  const to = from + by;
  if (from < 0 || to < 0 || to >= draft.steps.length) return draft;
  const steps = draft.steps.toSpliced(from, 1).toSpliced(to, 0, draft.steps[from] as DraftStep);
  return { ...draft, steps: steps.map((step, index) => withoutWiresTo(step, new Set(steps.slice(index + 1).map((later) => later.id)))) };
}

function withoutWiresTo(step: DraftStep, later: ReadonlySet<string>): DraftStep {
  if (!step.inputs) return step;
  const readsLater = (source: unknown) => typeof source === 'string' && later.has(source.split('.')[0] ?? '');
  return { ...step, inputs: Object.fromEntries(Object.entries(step.inputs).filter(([, source]) => ![source].flat().some(readsLater))) };
}

/** The draft with a step bound to a model, or left to the planner. */
export function withModel(draft: Draft, id: string, model: string | undefined): Draft {
  return {
    ...draft,
    steps: draft.steps.map((step) => {
      if (step.id !== id) return step;
      const { model: _, ...free } = step;
      return model === undefined ? free : { ...free, model };
    }),
  };
}
