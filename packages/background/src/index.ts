/**
 * Work that nobody waits for, and listeners of events and timers: what goes wrong in them is logged and ends no process. Work about one thing
 * can be done one after the other (one-at-a-time.ts).
 * Not here: work whose result somebody needs; await that instead. lint/strangers.ts keeps every other way out.
 * Begin with background.ts.
 */
export { type FailureLog, guarded, inBackground, stderrLog } from './background.ts';
export { OneAtATime } from './one-at-a-time.ts';
