import type { PlanSet, TaskView } from '@atelier/protocol';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { ChevronDown, Play, RefreshCw } from 'lucide-react';
import { useEffect, useState } from 'react';
import { api } from '../api/client.ts';
import { PlanPicture } from '../plan-picture/plan-picture.tsx';
import { PlanTable } from '../plan-picture/plan-table.tsx';
import { Card, Problem, Skeleton } from '../ui/blocks.tsx';
import { Button, Tip } from '../ui/button.tsx';
import { Menu, MenuItem } from '../ui/menu.tsx';
import { formatSeconds } from '../units/time.ts';
import { type Composition, type Given, useComposition } from './composer-state.ts';
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
  const sizes = Object.entries(given).map(([name, one]) => [name, bytesOf(one)] as const);
  return { chain: chainOf(draft), inputBytes: Object.fromEntries(sizes) };
}

function bytesOf(given: Given): number {
  if (given.kind === 'text') return new TextEncoder().encode(given.text).length;
  return given.kind === 'file' ? given.file.size : given.sizeBytes;
}

interface PlanPanelProps {
  plan: ReturnType<typeof useLivePlan>;
  tasks: readonly TaskView[];
  why: string | null;
  busy: boolean;
  /** @param fresh computes everything, whatever the result cache knows */
  onRun: (fresh?: boolean) => void;
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
        <RunButton why={why} busy={busy} disabled={why !== null || plan.isError} onRun={onRun} />
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

function RunButton({ why, busy, disabled, onRun }: Pick<PlanPanelProps, 'why' | 'busy' | 'onRun'> & { disabled: boolean }) {
  return (
    <div className="flex">
      <Tip text={why ?? 'Ctrl Enter'}>
        <span>
          <Button look="primary" size="large" icon={Play} busy={busy} disabled={disabled} onClick={() => onRun()} className="rounded-r-none">
            Run
          </Button>
        </span>
      </Tip>
      <Menu
        trigger={
          <Button
            look="primary"
            size="large"
            disabled={disabled || busy}
            aria-label="More ways to run"
            className="rounded-l-none border-l border-on-accent/25 px-2.5!"
          >
            <ChevronDown aria-hidden className="size-4" />
          </Button>
        }
      >
        <MenuItem icon={Play} hint="A result that was made before the same way is taken over at once." onSelect={() => onRun()}>
          Run
        </MenuItem>
        <MenuItem icon={RefreshCw} hint="Every step is computed, also where the same result is there already." onSelect={() => onRun(true)}>
          Compute anew
        </MenuItem>
      </Menu>
    </div>
  );
}

function summary(set: PlanSet): string {
  const best = set.plans[0];
  if (!best) return 'No plan is possible yet';
  const machines = new Set(best.steps.map((step) => step.offer.edgeId)).size;
  return `About ${formatSeconds(best.totalSeconds)} on ${machines} ${machines === 1 ? 'machine' : 'machines'}`;
}
