/**
 * What an edge says is a claim: here is what of it must be shown. Bytes that the studio knows already are proven before a
 * result names them; what arrives is compared with what was said of it; the rest has a rate.
 * Not here: fencing numbers and what a task must make (state/results.ts). Begin with proofs.ts.
 */

export { type Arrived, correctClaims } from './arrival.ts';
export { Buckets } from './buckets.ts';
export { Budget } from './budget.ts';
export { Proofs, type ProvenResult } from './proofs.ts';
