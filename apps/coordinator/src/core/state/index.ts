/**
 * What runs, steps, shards and attempts are: one writer, one transaction for each change, asked of packages/runs.
 * Reports of edges are committed here, and what was computed before is found here.
 * Not here: which edge a step goes to (planning/), who is given an attempt and when (dispatch/), what people see of a run (runs/).
 * Begin with run-writer.ts, then advance.ts.
 */
export type { Advanced } from './advance.ts';
export { contentHash } from './content-hash.ts';
export type { DraftInput, ReusedStep, RunDraft } from './insert-run.ts';
export type { LoadedRun, StepRow } from './loaded-run.ts';
export type { Report } from './results.ts';
export { bindingOfShare, secondsOnEdge } from './run-rows.ts';
export { RunWriter } from './run-writer.ts';
export { shardState } from './shard-changes.ts';
export { controlsFor, type DraftControl, readControls } from './steering.ts';
export type { QueuedAttempt, Taking } from './taking.ts';
