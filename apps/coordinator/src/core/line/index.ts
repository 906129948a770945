/**
 * The line of open runs: who comes when, and how people put their own runs in another order.
 * Not here: which edge a step goes to (packages/planner) and how it is started (dispatch/).
 * Begin with turns.ts, which is pure.
 */
export { moveRun } from './move-run.ts';
export { compareTurns, type InLine, inTurn } from './turns.ts';
