/**
 * Chain, fleet and measurements in; the best plans with reasons out. Pure: the same values in give the same values out.
 * Not here: a clock, a database, a socket, or what a run does with a plan (packages/runs).
 * Begin with fleet.ts (what goes in), then plan-chain.ts.
 */

export { expectSteps } from './expect-steps.ts';
export * from './fleet.ts';
export { linkPrior } from './links.ts';
export { summariseMeasurements } from './measurements.ts';
export { planChain, sharesOf } from './plan-chain.ts';
