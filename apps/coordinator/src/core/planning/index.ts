/**
 * Plans for runs that wait for one, with what was measured so far; edges that join steps which are being shared.
 * Not here: the choice itself (packages/planner), or when an edge is given its attempts (dispatch/).
 * Begin with planning.ts.
 */
export { queuedSeconds } from './fleet-snapshot.ts';
export { History } from './history.ts';
export { bindingsOf, Planning } from './planning.ts';
