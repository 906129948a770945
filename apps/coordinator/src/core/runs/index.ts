/**
 * Runs as people make, see and steer them: requests become runs, views and the queue are read, and whoever watches is told.
 * Not here: what a run is and how it changes (state/), where its steps go (planning/), when they begin (dispatch/).
 * Begin with runs.ts.
 */
export { type PassingEvent, RunFeed } from './feed.ts';
export { createRuns, type Runs } from './runs.ts';
