import { sharesOf } from '@atelier/planner';
import { AtelierError, type PlannedShare, type ResolvedStep, type RunId } from '@atelier/protocol';
import type { Database } from '@atelier/store';
import type { Logger } from '../contracts/index.ts';
import type { Fleet } from '../fleet/index.ts';
import { bindingOfShare, type RunWriter } from '../state/index.ts';
import { fleetSnapshot, type SnapshotNeeds } from './fleet-snapshot.ts';

interface SharingNeeds extends SnapshotNeeds {
  readonly database: Database;
  readonly writer: RunWriter;
  readonly log: Logger;
}

/** A bound step with several shards that has not ended. */
interface OpenStep {
  readonly runId: RunId;
  readonly stepId: string;
  readonly position: number;
  readonly work: number;
  readonly sharing: readonly PlannedShare[];
  readonly steps: readonly ResolvedStep[];
}

/** Gives edges that have come, come back or have a model now their part of the steps that are being shared. */
export async function shareOpenSteps(needs: SharingNeeds): Promise<void> {
  const { rows } = await needs.database.pool.query(
    `SELECT s.run_id AS "runId", s.step_id AS "stepId", s.position, s.work, s.sharing, r.chain -> 'steps' AS steps FROM steps s JOIN runs r ON r.id = s.run_id
    WHERE r.state IN ('planning', 'running', 'paused') AND s.sharing IS NOT NULL AND s.state IN ('waiting', 'ready', 'queued', 'running')`,
  );
  for (const step of rows as OpenStep[]) {
    const sharing = joining(needs, step);
    if (sharing.length === 0) continue;
    const { runId, stepId } = step;
    const { accepted } = await needs.writer.advance(runId, { kind: 'shared', stepId, sharing: sharing.map(bindingOfShare) }, { sharing });
    if (accepted) needs.log.info({ runId, stepId, edges: sharing.map((share) => share.offer.edgeName) }, 'edges join a step that is being shared');
  }
}

/** Edges that could share a step and do not yet. */
function joining(needs: SharingNeeds, { sharing, steps, position, work }: OpenStep): PlannedShare[] {
  const [bound] = sharing;
  const modelHash = bound?.modelHash ?? statedHash(needs.fleet, sharing);
  if (!bound || modelHash === undefined) return [];
  try {
    const all = sharesOf(steps[position] as ResolvedStep, fleetSnapshot(needs), { modelId: bound.offer.modelId, modelHash, edgeIds: [] }, work);
    return all.filter((share) => !sharing.some(({ offer }) => offer.edgeId === share.offer.edgeId));
  } catch (thrown) {
    if (AtelierError.from(thrown).code === 'no-offer') return [];
    throw thrown;
  }
}

/** In a run of an older release it was not written down with what a step was planned: what one of its edges says now. */
function statedHash(fleet: Fleet, sharing: readonly PlannedShare[]): string | undefined {
  const models = sharing.map(({ offer }) => fleet.find(offer.edgeId)?.models.find((one) => one.manifest.id === offer.modelId));
  return models.find((model) => model !== undefined)?.modelHash;
}
