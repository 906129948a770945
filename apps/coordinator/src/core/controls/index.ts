/**
 * The lane to running steps: what people tell them, where it took effect, and the checkpoints that they keep.
 * Not here: what an attempt is told when it begins (dispatch/work-orders.ts), and what a result was told at its commit (state/steering.ts).
 * Begin with controls.ts.
 */
export { Checkpoints } from './checkpoints.ts';
export { readControlViews } from './control-views.ts';
export { Controls, type SteeredEvent } from './controls.ts';
