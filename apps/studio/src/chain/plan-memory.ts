import type { PlanSet, RunView } from '@atelier/protocol';

/** What was weighed for the runs that this page started; a run itself keeps only the plan that was chosen. */
const weighed = new Map<string, PlanSet>();

export const rememberPlan = (runId: string, set: PlanSet) => void weighed.set(runId, set);

/** The offers that lost, as long as the run still follows the plan that they lost against. */
export function recallPlan(run: Pick<RunView, 'id' | 'plan'>): PlanSet | undefined {
  const set = weighed.get(run.id);
  const best = set?.plans[0];
  const same = best?.steps.every((step, index) => {
    const now = run.plan?.steps[index]?.offer;
    return now?.edgeId === step.offer.edgeId && now.modelId === step.offer.modelId;
  });
  return same ? set : undefined;
}
