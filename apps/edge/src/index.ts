/**
 * The edge agent: offers models of a machine, runs steps in slots, exchanges artifacts with other edges.
 * Not here: planning, queues and anything that decides which step runs where (apps/coordinator).
 * Begin with agent.ts; link/session.ts is what is said with the coordinator, work/attempts.ts the way of a step, slots/slot-pool.ts that of a model in memory.
 */
export { type Edge, runEdge } from './agent.ts';
export type { EdgeOptions } from './settings.ts';
export type { SimulationSettings } from './simulation/simulation.ts';
