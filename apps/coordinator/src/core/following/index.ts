/**
 * What this coordinator does with what others on its database have changed: reads again what it keeps in memory of runs and edges, stops and
 * gives out what is for edges here, and tells who watches.
 * Not here: who the others are and how they are heard (cluster/).
 * Begin with following.ts.
 */
export { FollowedRuns, notificationOf } from './followed-runs.ts';
export { Following } from './following.ts';
