/**
 * What a run may do next: (state, event) -> (state, commands), as plain data.
 * Not here: the database, clocks, edges, or the choice of an edge (packages/planner).
 * Begin with the table at the top of machine.ts.
 */

export { hasSeveral } from './draft.ts';
export type { RunCommand, RunMachineEvent, Transition } from './events.ts';
export { transition } from './machine.ts';
export type { AttemptRef, Binding, MachineAttempt, MachineShard, MachineStep, NewStep, RunMachineState } from './state.ts';
export { attemptOf, beginRun, liveAttempt, lossesPerStep } from './state.ts';
