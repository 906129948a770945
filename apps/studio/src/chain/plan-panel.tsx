import type { PlanSet, TaskView } from '@atelier/protocol';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Play } from 'lucide-react';
import { useEffect, useState } from 'react';
import { api } from '../api/client.ts';
import { PlanPicture } from '../plan-picture/plan-picture.tsx';
import { PlanTable } from '../plan-picture/plan-table.tsx';
import { Card, Problem, Skeleton } from '../ui/blocks.tsx';
import { Button, Tip } from '../ui/button.tsx';
import { formatSeconds } from '../units/time.ts';
import { type Composition, useComposition } from './composer-state.ts';
import { chainOf } from './draft.ts';

type PlanRequest = Parameters<typeof api.plan.call>[0];

/** What the plan depends on; it changes only some time after the last stroke. */
function useSettled<T>(value: T, delayMs: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), delayMs);
    return () => clearTimeout(timer);
  }, [value, delayMs]);
  return settled;
}

/** The plan of the chain as it stands, asked anew shortly after each change and every few seconds, since machines come and go. */
export function useLivePlan(composition: Composition) {
  const key = useSettled(JSON.stringify(requestOf(composition)), 200);
  const request = JSON.parse(key) as PlanRequest;
  return useQuery(
    api.plan.queryOptions({
      input: request,
      enabled: (request.chain as { steps: unknown[] }).steps.length > 0,
      placeholderData: keepPreviousData,
      refetchInterval: 15_000,
    }),
  );
}

function requestOf({ draft, given }: Composition): PlanRequest {
  const sizes = Object.entries(given).map(([name, one]) => [name, one.kind === 'text' ? new TextEncoder().encode(one.text).length : one.file.size] as const);
  return { chain: chainOf(draft), inputBytes: Object.fromEntries(sizes) };
}

interface PlanPanelProps {
  plan: ReturnType<typeof useLivePlan>;
  tasks: readonly TaskView[];
  why: string | null;
  busy: boolean;
  onRun: () => void;
}

export function PlanPanel({ plan, tasks, why, busy, onRun }: PlanPanelProps) {
  const { draft } = useComposition();
  if (draft.steps.length === 0) return null;
  return (
    <Card aria-label="Plan" className="p-5 sm:p-6">
      <div className="mb-4 flex flex-wrap items-center justify-between gap-3">
        <div>
          <h2 className="text-base font-semibold">Plan</h2>
          <p aria-live="polite" className="text-sm text-muted">
            {plan.data ? summary(plan.data) : plan.isError ? 'No plan is possible yet' : 'Planning'}
          </p>
        </div>
        <Tip text={why ?? 'Ctrl Enter'}>
          <span>
            <Button look="primary" size="large" icon={Play} busy={busy} disabled={why !== null || plan.isError} onClick={onRun}>
              Run
            </Button>
          </span>
        </Tip>
      </div>
      {plan.isError ? (
        <Problem error={plan.error} onRetry={() => void plan.refetch()} />
      ) : plan.data ? (
        <div className={`flex flex-col gap-4 transition-opacity duration-150 ${plan.isPlaceholderData ? 'opacity-60' : ''}`}>
          <PlanPicture chain={plan.data.chain} plans={plan.data.plans} rejected={plan.data.rejected} tasks={tasks} />
          {plan.data.plans[0] && <PlanTable plan={plan.data.plans[0]} rejected={plan.data.rejected} />}
        </div>
      ) : (
        <Skeleton className="h-52" />
      )}
    </Card>
  );
}

function summary(set: PlanSet): string {
  const best = set.plans[0];
  if (!best) return 'No plan is possible yet';
  const machines = new Set(best.steps.map((step) => step.offer.edgeId)).size;
  return `About ${formatSeconds(best.totalSeconds)} on ${machines} ${machines === 1 ? 'machine' : 'machines'}`;
}
