import { findTask, newId, type OutputId, type Port } from '@atelier/protocol';
import type { PoolClient } from 'pg';
import type { Fleet, ModelStanding } from '../fleet/index.ts';
import type { LoadedRun, StepFacts, StepRow } from './loaded-run.ts';
import { isSteered } from './steering.ts';
import { cacheKey, factsOf } from './step-facts.ts';

/** A shard that the result cache had. */
export interface Answer {
  readonly stepId: string;
  readonly shard: number;
  /** The first of its results, as an output of this run. */
  readonly outputId: OutputId;
}

/** An output of some run that has the bytes of a shard. */
interface FoundOutput {
  readonly shard: number;
  readonly from: string;
  readonly port: string;
  readonly index: number;
}

/**
 * Of each key the newest results, complete as their shard had them. Only what can be read now counts: bytes at the
 * coordinator or on an edge that is here, and nothing that was deleted, was computed by an edge that is revoked, or is what two edges disagree about.
 */
const findAnswers = {
  name: 'find-answers',
  text: `SELECT k.shard, o.id AS "from", o.port, o.index
    FROM unnest($1::text[], $2::int[]) AS k(key, shard)
    CROSS JOIN LATERAL (
      SELECT o.run_id, o.step_id, o.shard FROM outputs o
      WHERE o.cache_key = k.key AND o.deleted_at IS NULL AND o.run_id IS NOT NULL AND NOT COALESCE(o.maker = ANY($4), false)
        AND NOT EXISTS (SELECT 1 FROM disagreements d WHERE d.cache_key = k.key AND d.decided_at IS NULL AND o.maker IN (d.maker, d.checker))
        AND EXISTS (SELECT 1 FROM replicas r WHERE r.hash = o.hash AND r.place = ANY($3))
      ORDER BY o.id DESC LIMIT 1) AS origin
    JOIN outputs o ON o.run_id = origin.run_id AND o.step_id = origin.step_id AND o.shard = origin.shard
      AND o.cache_key = k.key AND o.deleted_at IS NULL
      AND EXISTS (SELECT 1 FROM replicas r WHERE r.hash = o.hash AND r.place = ANY($3))
    ORDER BY k.shard, o.port, o.index`,
};

/** The gallery lists a copy only where its reader does not have the same already. */
const copyAnswers = {
  name: 'copy-answers',
  text: `INSERT INTO outputs (id, user_id, run_id, step_id, shard, port, index, hash, media_type, recipe, modality, text, caption, listed, cache_key, maker, dimensions)
    SELECT x.id, $1, $2, $3, x.shard, o.port, x.index, o.hash, o.media_type, $4, o.modality, o.text, $5,
      x.listed AND NOT EXISTS (SELECT 1 FROM outputs own WHERE own.cache_key = o.cache_key AND own.user_id = $1 AND own.listed AND own.deleted_at IS NULL), o.cache_key, o.maker, o.dimensions
    FROM jsonb_to_recordset($6::jsonb) AS x(id uuid, "from" uuid, shard int, index int, listed boolean) JOIN outputs o ON o.id = x."from"`,
};

/** The result cache: what was computed before from the same inputs, by the same model, is not computed again. */
export class ResultCache {
  readonly #fleet: Fleet;
  readonly #standing: ModelStanding;

  constructor(fleet: Fleet, standing: ModelStanding) {
    this.#fleet = fleet;
    this.#standing = standing;
  }

  /** Looks for all shards of a step that are not done, and makes what it finds outputs of the run. One query, and one more where something was found. */
  async find(tx: PoolClient, run: LoadedRun, stepId: string): Promise<{ facts: StepFacts; answers: Answer[] }> {
    const facts = await factsOf(tx, run, stepId);
    const model = this.modelOf(run, stepId);
    if (!model?.cached || run.fresh) return { facts, answers: [] };
    const step = run.steps.get(stepId) as StepRow;
    const takesControls = Object.keys(findTask(step.task).controls).length > 0;
    if (takesControls && (await isSteered(tx, run.id, stepId))) return { facts, answers: [] };
    const open = (run.machine.steps.get(stepId)?.shards ?? []).filter((shard) => !shard.done).map((shard) => shard.index);
    const keys = open.map((shard) => cacheKey(step, model, shard, facts));
    const { rows } = await tx.query({ ...findAnswers, values: [keys, open, this.#fleet.places(), this.#fleet.revoked()] });
    return { facts, answers: rows.length > 0 ? await this.#copy(tx, run, stepId, { facts, model, found: rows }) : [] };
  }

  /** The model that a step is bound to, and whether what it makes may be kept and answered. */
  modelOf(run: LoadedRun, stepId: string): { modelId: string; modelHash: string; cached: boolean } | undefined {
    const binding = run.machine.steps.get(stepId)?.sharing[0];
    const model = binding && this.#fleet.find(binding.edgeId)?.models.find((one) => one.manifest.id === binding.modelId);
    const modelHash = binding?.modelHash ?? model?.modelHash ?? '';
    return model && { modelId: model.manifest.id, modelHash, cached: this.#standing.mayCache(model, modelHash) };
  }

  async #copy(
    tx: PoolClient,
    run: LoadedRun,
    stepId: string,
    { facts, model, found }: { facts: StepFacts; model: { modelId: string; modelHash: string }; found: readonly FoundOutput[] },
  ): Promise<Answer[]> {
    const { task, parameters } = run.steps.get(stepId) as StepRow;
    const ports = findTask(task).outputs;
    const byShard = [...Map.groupBy(found, (one) => one.shard)].filter(([, outputs]) => isWhole(ports, outputs));
    const several = (run.machine.steps.get(stepId)?.shards.length ?? 1) > 1;
    const copies = byShard.flatMap(([shard, outputs]) =>
      outputs.map(({ from, port, index }) => {
        const alone = outputs.filter((other) => other.port === port).length === 1;
        return { id: newId<OutputId>(), from, shard, index: alone ? (several ? shard : 0) : index, listed: ports[port]?.listed ?? false };
      }),
    );
    if (copies.length === 0) return [];
    const recipe = { task, modelId: model.modelId, modelHash: model.modelHash, parameters, inputs: facts.inputs };
    await tx.query({ ...copyAnswers, values: [run.userId, run.id, stepId, JSON.stringify(recipe), facts.caption, JSON.stringify(copies)] });
    return byShard.map(([shard]) => ({ stepId, shard, outputId: copies.find((copy) => copy.shard === shard)?.id as OutputId }));
  }
}

/** Nothing of what the task must make is missing. */
function isWhole(ports: Readonly<Record<string, Port>>, outputs: readonly FoundOutput[]): boolean {
  return Object.entries(ports).every(([name, port]) => !port.required || outputs.some((output) => output.port === name));
}
