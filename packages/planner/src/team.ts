import type { Estimate } from './estimate.ts';
import type { FleetEdge } from './fleet.ts';
import type { UsableOffer } from './offers.ts';

/** One of the edges that share a step's shards. */
export interface Member {
  readonly offer: UsableOffer;
  readonly estimate: Estimate;
  readonly slots: number;
  /** Seconds until it can begin its first shard: what is queued there, and reading the model into memory. */
  readonly readySeconds: number;
  readonly secondsPerShard: number;
}

/** Edges with the very same model, and what a step takes with all of them. */
export interface Team {
  /** The quickest of those that do any of it first, then the others, quickest first. */
  readonly members: readonly [Member, ...Member[]];
  /** From now to the end of the last shard, where the step begins at once. */
  readonly totalSeconds: number;
}

const iterations = 60;

/** Offers by the model that they have, files and all: only such edges compute the same. What stands apart is alone. In the order of their first offers. */
export function byModel(usable: readonly UsableOffer[]): UsableOffer[][] {
  return [...Map.groupBy(usable, (one) => `${one.offer.modelId}\n${one.modelHash}\n${one.apart ? one.offer.edgeId : ''}`).values()];
}

/** Brings offers of one model together. @param estimate what one shard takes, by edge @param shards at least 2 */
export function teamOf(offers: readonly UsableOffer[], estimate: (edgeId: string) => Estimate, edges: readonly FleetEdge[], shards: number): Team {
  const members = offers.map((offer): Member => {
    const own = estimate(offer.offer.edgeId);
    const { slots, queuedSeconds } = edges[offer.edge] as FleetEdge;
    const readySeconds = queuedSeconds / slots + (offer.loaded ? 0 : own.loadSeconds);
    return { offer, estimate: own, slots, readySeconds, secondsPerShard: Math.max(own.warmSeconds, 1e-6) };
  });
  const totalSeconds = makespan(members, shards);
  const quickestFirst = members.sort((a, b) => a.secondsPerShard - b.secondsPerShard);
  const takesPart = ({ readySeconds, secondsPerShard }: Member) => readySeconds + secondsPerShard <= totalSeconds * (1 + 1e-9);
  const first = quickestFirst.find(takesPart) ?? (quickestFirst[0] as Member);
  return { members: [first, ...quickestFirst.filter((member) => member !== first)], totalSeconds };
}

/** The least time in which all shards fit: by bisection, since what fits only grows with time. */
function makespan(members: readonly Member[], shards: number): number {
  const fits = (seconds: number) =>
    members.reduce((sum, { slots, readySeconds, secondsPerShard }) => sum + slots * Math.max(0, Math.floor((seconds - readySeconds) / secondsPerShard)), 0);
  let short = 0;
  let enough = Math.min(...members.map(({ slots, readySeconds, secondsPerShard }) => readySeconds + Math.ceil(shards / slots) * secondsPerShard)) * (1 + 1e-9);
  for (let round = 0; round < iterations; round += 1) {
    const middle = (short + enough) / 2;
    if (fits(middle) >= shards) enough = middle;
    else short = middle;
  }
  return enough;
}
