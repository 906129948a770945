import type { EdgeId } from '@atelier/protocol';
import type { AttemptRef, Binding, RunMachineState } from './state.ts';

/** What can happen to a run. */
export type RunMachineEvent =
  /** A plan was made from what was known at version `basedOn`; an outdated one is refused. A step of one shard takes the first of its bindings. */
  | { readonly kind: 'planned'; readonly basedOn: number; readonly bindings: Readonly<Record<string, readonly Binding[]>> }
  /** More edges offer the very model with which a step of several shards runs. */
  | { readonly kind: 'shared'; readonly stepId: string; readonly sharing: readonly Binding[] }
  /** The result cache was asked for a step whose inputs are there: it had these shards, or none. */
  | { readonly kind: 'answered'; readonly stepId: string; readonly shards: readonly number[] }
  /** The attempt's edge has its lease. */
  | { readonly kind: 'taken'; readonly attempt: AttemptRef }
  /** `seconds`: what the shard took, so that its fellows are shared out by measured speed. */
  | { readonly kind: 'succeeded'; readonly attempt: AttemptRef; readonly seconds?: number }
  /** `final`: trying again cannot help, as with damaged media. */
  | { readonly kind: 'failed'; readonly attempt: AttemptRef; readonly final: boolean }
  /** The attempt's lease ended, or its edge came back without it. */
  | { readonly kind: 'lost'; readonly attempt: AttemptRef }
  /** A queued attempt cannot start where it is: its edge is away, drains, or no longer offers the model. */
  | { readonly kind: 'withdrawn'; readonly attempt: AttemptRef }
  /** Results that others still need are gone with the edges that had them: these shards, by step, are computed once more. */
  | { readonly kind: 'redo'; readonly shards: Readonly<Record<string, readonly number[]>> }
  | { readonly kind: 'cancel' }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  /** Try what failed again, from the beginning of its count. */
  | { readonly kind: 'continue' };

/** What has to be done after the new state is safe; `ask` before that. */
export type RunCommand =
  /** The result cache may have some of this step: nothing of it starts before `answered`. */
  | { readonly kind: 'ask'; readonly stepId: string }
  /** The edge works on something that is no longer wanted. */
  | { readonly kind: 'stop'; readonly edgeId: EdgeId; readonly attempt: AttemptRef }
  /** Some steps have no binding. */
  | { readonly kind: 'plan' }
  | { readonly kind: 'ended' };

export interface Transition {
  readonly state: RunMachineState;
  readonly commands: readonly RunCommand[];
  /** False if the event does not apply: an outdated plan, a stale attempt, a pause after the end. The state is the same object then. */
  readonly accepted: boolean;
}
