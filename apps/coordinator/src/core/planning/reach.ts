import type { Place } from '@atelier/planner';
import { AtelierError, type EdgeId, type ResolvedChain, readsFrom } from '@atelier/protocol';
import { liveAttempt, type MachineStep } from '@atelier/runs';
import type { Fleet } from '../fleet/index.ts';
import type { LoadedRun } from '../state/index.ts';

/** What stands in the way of a run's next steps. */
export interface OutOfReach {
  /** Shards, by step, whose results are gone with their edges, and are needed once more. */
  readonly redo: Readonly<Record<string, readonly number[]>>;
  /** Why the run has to wait: an edge with something that it needs was there a moment ago. */
  readonly waiting: AtelierError | undefined;
}

/** A value of a finished step or of `inputs`, and where it can be had. */
export interface ReachedValue {
  readonly shard: number;
  readonly at: readonly Place[];
}

/** @param values what each finished step made, and what the run was given, by its name: `inputs` */
export function outOfReach(fleet: Fleet, run: LoadedRun, chain: ResolvedChain, values: ReadonlyMap<string, readonly ReachedValue[]>): OutOfReach {
  const redo = new Map<string, Set<number>>();
  let waiting: AtelierError | undefined;
  for (const step of chain.steps.toReversed()) {
    if (!redo.has(step.id) && !willStart(run.machine.steps.get(step.id) as MachineStep)) continue;
    for (const name of [...readsFrom(step), 'inputs']) {
      const { gone, away } = lackOf(fleet, run.machine.steps.get(name), values.get(name) ?? []);
      if (gone.length > 0) redo.set(name, new Set([...(redo.get(name) ?? []), ...gone]));
      else if (away.length > 0) waiting = waitsFor(fleet, name, away.flat());
    }
  }
  return { redo: Object.fromEntries([...redo].map(([id, shards]) => [id, [...shards]])), waiting };
}

/**
 * What of the values of a step, or of `inputs` if there is none, cannot be had now.
 * @returns shards whose results are lost or were deleted for good, and for each other value the places that have it
 */
function lackOf(fleet: Fleet, maker: MachineStep | undefined, known: readonly ReachedValue[]): { gone: number[]; away: (readonly Place[])[] } {
  const missing = known.filter(({ at }) => !fleet.isReachable(at));
  if (!maker) return { gone: [], away: missing.map(({ at }) => at) };
  // What is not whole yet is not read yet: it is looked at again when it is.
  if (maker.state !== 'succeeded') return { gone: [], away: [] };
  const made = new Set(known.map(({ shard }) => shard));
  const lost = missing.filter(({ at }) => at.every((place) => isGone(fleet, place)));
  const deleted = maker.shards.filter(({ index }) => !made.has(index));
  return { gone: [...lost.map(({ shard }) => shard), ...deleted.map(({ index }) => index)], away: missing.map(({ at }) => at) };
}

/** Its inputs will be fetched; an attempt that runs already has them or says so itself. */
function willStart(step: MachineStep): boolean {
  const settled = step.state === 'succeeded' || step.state === 'failed' || step.state === 'cancelled';
  return !settled && !step.shards.some((shard) => liveAttempt(shard)?.state === 'leased');
}

function isGone(fleet: Fleet, place: Place): boolean {
  if (place === 'coordinator') return false;
  const edge = fleet.find(place);
  return !edge || fleet.isGone(edge);
}

function waitsFor(fleet: Fleet, name: string, places: readonly Place[]): AtelierError {
  const edges = [...new Set(places)].map((place) => fleet.nameOf(place as EdgeId)).join(' or ');
  const what = name === 'inputs' ? 'an input of the run' : `the result of ${name}`;
  if (edges === '') {
    return new AtelierError('unavailable', `Nobody has ${what} any more: it was deleted, or lost with an edge.`, {
      hint: 'Cancel the run, and start a new one with something else.',
    });
  }
  return new AtelierError('unavailable', `Only ${edges} has ${what}.`, { hint: 'Start that edge again; the run goes on by itself.' });
}
