import { type Dimensions, type DimensionsByName, type ExpectedStep, expectedSteps, type ResolvedChain, type ResolvedStep } from '@atelier/protocol';
import type { FleetSnapshot } from './fleet.ts';

/**
 * What is expected of each step of a chain on a fleet: plans, and the measurements that later ones rest on, both divide by its `work`. An image whose
 * size was left to the model has the model's own, where all models that may draw it agree.
 * @param inputs the chain's, by name
 */
export function expectSteps(
  chain: ResolvedChain,
  fleet: FleetSnapshot,
  inputs: Readonly<Record<string, { readonly dimensions?: Dimensions | undefined }>>,
): ReadonlyMap<string, ExpectedStep> {
  const known = Object.entries(inputs).flatMap(([name, { dimensions }]) => (dimensions ? [[name, dimensions] as const] : []));
  return expectedSteps(chain, Object.fromEntries(known) as DimensionsByName, (step) => sideOf(step, fleet));
}

function sideOf({ task, model }: ResolvedStep, fleet: FleetSnapshot): number | undefined {
  const manifests = fleet.edges.flatMap((edge) => edge.models.map(({ manifest }) => manifest));
  const serving = manifests.filter(({ id, tasks }) => tasks.includes(task) && (model === undefined || model === id));
  const sides = new Set(serving.map(({ pictureSide }) => pictureSide));
  return sides.size === 1 ? [...sides][0] : undefined;
}
