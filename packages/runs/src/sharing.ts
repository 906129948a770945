/*
 * Which edge takes which shard of a step that several edges share. Without a clock: all follows from how many attempts each
 * edge has and from what a shard takes there. So that unequal edges end together, a shard goes to the edge that would be
 * through with it first (list scheduling; Graham, Bounds on Multiprocessing Timing Anomalies, 1969), and not to an edge whose
 * fellows would have everything that is left done before it.
 */
import type { EdgeId } from '@atelier/protocol';
import { type Binding, liveAttempt, type MachineShard, type MachineStep } from './state.ts';

/** A shard that gets an attempt on an edge; one that waits elsewhere is taken back first. */
export interface Move {
  readonly shard: number;
  readonly to: Binding;
}

/** An edge at work on the step. */
interface Desk {
  readonly binding: Binding;
  readonly seconds: number;
  live: number;
  /** Shards that wait there and were not begun. */
  readonly waiting: number[];
}

/** Of equal times one is not sooner than the other. */
const equality = 1e-9;

/** Attempts that an edge may have at once: one for each slot, and one so that the next starts without delay. */
export const windowOf = (binding: Binding): number => binding.slots + 1;

/** What shards should move where now: first those that have no attempt, in the order of their ranks, then what is better taken back. */
export function shareOut(step: MachineStep): Move[] {
  const desks = step.sharing.map((binding): Desk => ({ binding, seconds: Math.max(binding.secondsPerShard, 1e-6), live: 0, waiting: [] }));
  const byEdge = new Map(desks.map((desk) => [desk.binding.edgeId, desk]));
  const pool: MachineShard[] = [];
  for (const shard of step.shards) {
    const live = liveAttempt(shard);
    const desk = live && byEdge.get(live.edgeId);
    if (desk) desk.live += 1;
    if (desk && live.state === 'queued') desk.waiting.push(shard.index);
    if (!shard.done && !live) pool.push(shard);
  }
  if (pool.length > 0 && desks.some(hasRoom)) return deal(pool, desks);
  return pool.length > 0 ? [] : takeBack(step, desks);
}

function deal(pool: MachineShard[], desks: readonly Desk[]): Move[] {
  const moves: Move[] = [];
  let closed = false;
  for (const shard of pool.sort((a, b) => a.rank - b.rank)) {
    // What one shard that may go anywhere is refused, all others are.
    if (closed && shard.avoid.length === 0) continue;
    const able = desksFor(shard, desks);
    const desk = quickest(able.filter(hasRoom));
    if (desk && !othersAreSooner(desk, able, pool.length - moves.length)) {
      desk.live += 1;
      moves.push({ shard: shard.index, to: desk.binding });
    } else if (shard.avoid.length === 0) closed = true;
  }
  return moves;
}

/** Nothing is left to hand out: an edge with nothing to do takes over what waits where it would end later. */
function takeBack(step: MachineStep, desks: readonly Desk[]): Move[] {
  const moves: Move[] = [];
  for (;;) {
    const idle = quickest(desks.filter((desk) => desk.live < desk.binding.slots));
    if (!idle) return moves;
    const end = endOf(idle, idle.live + 1);
    const donors = desks.filter((desk) => desk !== idle && endOf(desk, desk.live) > end * (1 + equality));
    const found = donors.sort((a, b) => endOf(b, b.live) - endOf(a, a.live)).map((desk) => ({ desk, shard: lastFor(idle, step, desk) }));
    const taken = found.find(({ shard }) => shard !== undefined);
    if (!taken) return moves;
    const shard = taken.shard as number;
    taken.desk.waiting.splice(taken.desk.waiting.indexOf(shard), 1);
    taken.desk.live -= 1;
    idle.live += 1;
    moves.push({ shard, to: idle.binding });
  }
}

/** Of what waits at a desk, the shard that was best begun last and that another may take. */
function lastFor(other: Desk, step: MachineStep, desk: Desk): number | undefined {
  const free = desk.waiting.filter((index) => !avoids(step.shards[index] as MachineShard, other.binding.edgeId));
  return free.sort((a, b) => (step.shards[b] as MachineShard).rank - (step.shards[a] as MachineShard).rank)[0];
}

/** Desks at which a shard did not go wrong yet; all, where there is no such. */
function desksFor(shard: MachineShard, desks: readonly Desk[]): readonly Desk[] {
  if (shard.avoid.length === 0) return desks;
  const others = desks.filter((desk) => !avoids(shard, desk.binding.edgeId));
  return others.length > 0 ? others : desks;
}

const avoids = (shard: MachineShard, edgeId: EdgeId) => shard.avoid.includes(edgeId);
const hasRoom = (desk: Desk) => desk.live < windowOf(desk.binding);

/** Seconds until a desk is through with so many shards. */
const endOf = (desk: Desk, shards: number) => Math.ceil(shards / desk.binding.slots) * desk.seconds;

function quickest(desks: readonly Desk[]): Desk | undefined {
  return desks.reduce<Desk | undefined>((best, desk) => (best && endOf(best, best.live + 1) <= endOf(desk, desk.live + 1) ? best : desk), undefined);
}

/** Whether the others would have all that is left done before this desk were through with one more. */
function othersAreSooner(desk: Desk, able: readonly Desk[], left: number): boolean {
  const before = endOf(desk, desk.live + 1) * (1 - equality);
  let done = 0;
  for (const other of able) if (other !== desk) done += Math.max(0, other.binding.slots * Math.floor(before / other.seconds) - other.live);
  return done >= left;
}
