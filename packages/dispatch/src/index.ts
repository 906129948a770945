/**
 * Doorbells for attempts that wait in SQL: BullMQ queues, one an edge.
 * Not here: who may take an attempt, leases and fencing numbers (apps/coordinator/src/core), nor any state that matters.
 * Begin with bells.ts.
 */
export { type Answering, type BellHandler, type Bells, createBells } from './bells.ts';
