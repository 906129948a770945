import type { PlanSet } from '@atelier/protocol';
import { ChevronDown, Play, RefreshCw } from 'lucide-react';
import { Button, Tip } from '../ui/button.tsx';
import { Menu, MenuItem } from '../ui/menu.tsx';
import { formatSeconds } from '../units/time.ts';
import { canRun, type LivePlan } from './live-plan.ts';

interface RunBarProps {
  plan: LivePlan;
  /** Why it cannot run yet, as a sentence. */
  why: string | null;
  busy: boolean;
  /** @param fresh computes everything, whatever the result cache knows */
  onRun: (fresh?: boolean) => void;
}

/**
 * Run, in reach as long as any part of the chain is in the window. It takes room at the end of the chain, and the page keeps what
 * has the focus clear of it (app.css, data-dock).
 */
export function RunBar({ plan, why, busy, onRun }: RunBarProps) {
  return (
    <section
      aria-label="Run the chain"
      data-dock
      className="sticky bottom-[calc(3.5rem+env(safe-area-inset-bottom)+0.5rem)] z-20 flex items-center justify-between gap-4 rounded-2xl border border-line bg-surface py-2.5 pr-2.5 pl-5 shadow-float sm:bottom-3"
    >
      {why === null ? (
        <p aria-live="polite" className="min-w-0 text-sm text-muted text-pretty">
          {plan.data ? summary(plan.data) : plan.isError ? 'No plan is possible yet' : 'Planning'}
        </p>
      ) : (
        <p id="why-not" role="status" className="min-w-0 text-sm text-muted text-pretty">
          {why}
        </p>
      )}
      <RunButton why={why} busy={busy} disabled={why !== null || !canRun(plan)} onRun={onRun} />
    </section>
  );
}

function RunButton({ why, busy, disabled, onRun }: Pick<RunBarProps, 'why' | 'busy' | 'onRun'> & { disabled: boolean }) {
  return (
    <div className="flex shrink-0">
      <Tip text="Ctrl Enter" side="top">
        <span>
          <Button
            look="primary"
            size="large"
            icon={Play}
            busy={busy}
            disabled={disabled}
            aria-describedby={why === null ? undefined : 'why-not'}
            onClick={() => onRun()}
            className="rounded-r-none"
          >
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
        <MenuItem icon={Play} hint="Reuses results that were made the same way before." onSelect={() => onRun()}>
          Run
        </MenuItem>
        <MenuItem icon={RefreshCw} hint="Computes every step, even if the same result exists." onSelect={() => onRun(true)}>
          Run without cache
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
