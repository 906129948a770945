import { AtelierError, type PlanSet, type ResolvedChain } from '@atelier/protocol';
import type { FleetSnapshot, PlanOptions } from './fleet.ts';

/**
 * Binds every step of a chain that is not settled to an offer (a model on an edge), by exact least predicted time.
 * @returns the `count` best plans, best first, and every other offer with the reason why it lost; plans list only steps that are not settled
 * @throws AtelierError `no-offer` where a step has no usable offer; the hint says which model to pull or what stands in the way
 */
export function planChain(chain: ResolvedChain, fleet: FleetSnapshot, options: PlanOptions): PlanSet {
  throw new AtelierError('unavailable', `Planning ${chain.name} over ${fleet.edges.length} edges for ${options.count} plans is not ready yet.`);
}
