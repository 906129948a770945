/**
 * Which attempt an edge is given and when, what it is told, and for how long the attempt is its own.
 * Not here: which edge a step goes to (planning/), what an attempt's end means to its run (state/), what edges say (edges/).
 * Begin with dispatcher.ts, then leases.ts.
 */
export { Dispatcher } from './dispatcher.ts';
export { Leases } from './leases.ts';
export { type LiveAttempt, LiveAttempts } from './live-attempts.ts';
export { leftSeconds, longestWay } from './time-left.ts';
export { WorkOrders } from './work-orders.ts';
