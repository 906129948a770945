import type { TaskView } from '@atelier/protocol';
import { PlanPicture } from '../plan-picture/plan-picture.tsx';
import { PlanTable } from '../plan-picture/plan-table.tsx';
import { Card, Problem, Skeleton } from '../ui/blocks.tsx';
import type { LivePlan } from './live-plan.ts';

/** The plan of the chain as it stands: which machine, and why no other. */
export function PlanPanel({ plan, tasks }: { plan: LivePlan; tasks: readonly TaskView[] }) {
  return (
    <Card aria-label="Plan" className="p-5 sm:p-6">
      <h2 className="mb-4 text-base font-semibold">Plan</h2>
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
