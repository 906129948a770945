import type { Plan, RejectedOffer } from '@atelier/protocol';
import { ChevronRight } from 'lucide-react';
import { formatSeconds } from '../units/time.ts';
import { machinesOf } from './plan-picture.tsx';

/** The plan in words, for small screens and for those who read rather than hover: what was chosen, and why the others lost. */
export function PlanTable({ plan, rejected }: { plan: Plan; rejected: readonly RejectedOffer[] }) {
  return (
    <details className="group">
      <summary className="inline-flex list-none items-center gap-1 rounded-md text-sm font-medium text-muted hover:text-ink">
        <ChevronRight aria-hidden className="size-4 transition-transform duration-150 group-open:rotate-90" />
        Why this plan?
      </summary>
      <ol className="mt-3 space-y-3">
        {plan.steps.map((step) => (
          <li key={step.stepId} className="text-sm">
            <p>
              <span className="font-medium">{step.stepId}</span>: {step.offer.modelName} on {machinesOf(step)},{' '}
              <span className="number">{formatSeconds(step.prediction.endSeconds - step.prediction.startSeconds)}</span>
            </p>
            <ul className="mt-0.5 space-y-0.5 text-muted">
              {rejected
                .filter((lost) => lost.stepId === step.stepId)
                .map((lost) => (
                  <li key={`${lost.offer.edgeId}${lost.offer.modelId}`}>
                    Not {lost.offer.modelName} on {lost.offer.edgeName}: {lost.detail}
                  </li>
                ))}
            </ul>
          </li>
        ))}
      </ol>
    </details>
  );
}
