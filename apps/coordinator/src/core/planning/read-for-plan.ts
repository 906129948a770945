import type { Begun, ExistingData, Place } from '@atelier/planner';
import type { EdgeId, Plan, ResolvedChain, RunId } from '@atelier/protocol';
import type { LoadedRun, RunWriter } from '../state/index.ts';
import type { ReachedValue } from './reach.ts';

/** A run that waits for a plan, with all that its plan depends on. */
export interface KnownRun {
  readonly run: LoadedRun;
  readonly chain: ResolvedChain;
  readonly plan: Plan | null;
  readonly inputs: Record<string, ExistingData>;
  /** Where each value can be had: of `inputs` and of finished steps. */
  readonly values: ReadonlyMap<string, ReachedValue[]>;
  readonly made: ReadonlyMap<string, Record<string, { bytes: number; at: Place[] }>>;
  /** The model with which some shards of a step were made, where others are left. */
  readonly begun: ReadonlyMap<string, Begun>;
}

/** @throws AtelierError `not-found` */
export function readForPlan(writer: RunWriter, runId: RunId): Promise<KnownRun> {
  return writer.read(runId, async (tx, run) => {
    const { rows } = await tx.query('SELECT chain, plan FROM runs WHERE id = $1', [runId]);
    const places = "(SELECT COALESCE(json_agg(p.place), '[]') FROM replicas p WHERE p.hash = o.hash) AS at";
    const inputs = await tx.query(
      `SELECT i.name, a.size_bytes AS bytes, o.dimensions, ${places} FROM run_inputs i JOIN outputs o ON o.id = i.output_id JOIN artifacts a ON a.hash = o.hash WHERE i.run_id = $1`,
      [runId],
    );
    const made = await tx.query(
      `SELECT o.step_id, o.port, o.shard, o.recipe ->> 'modelId' AS "modelId", o.recipe ->> 'modelHash' AS "modelHash", o.maker, a.size_bytes AS bytes, ${places} FROM outputs o JOIN artifacts a ON a.hash = o.hash WHERE o.run_id = $1`,
      [runId],
    );
    const values = new Map<string, ReachedValue[]>(Map.groupBy(made.rows, (row) => row.step_id as string));
    values.set(
      'inputs',
      inputs.rows.map(({ at }) => ({ shard: 0, at })),
    );
    const byStep = new Map<string, Record<string, { bytes: number; at: Place[] }>>();
    for (const row of made.rows) {
      const ports = byStep.get(row.step_id) ?? {};
      const bytes = (ports[row.port]?.bytes ?? 0) + Number(row.bytes);
      byStep.set(row.step_id, Object.assign(ports, { [row.port]: { bytes, at: row.at } }));
    }
    const byName = Object.fromEntries(inputs.rows.map((row) => [row.name, { bytes: Number(row.bytes), at: row.at, dimensions: row.dimensions ?? undefined }]));
    return { run, chain: rows[0].chain, plan: rows[0].plan, inputs: byName, values, made: byStep, begun: begunWith(run, made.rows) };
  });
}

/** All shards of a step are made with the same model. */
function begunWith(run: LoadedRun, made: ReadonlyArray<{ step_id: string; modelId: string; modelHash: string; maker: EdgeId | null }>): KnownRun['begun'] {
  const open = new Set([...run.machine.steps.values()].filter((step) => step.shards.some((shard) => !shard.done)).map((step) => step.id));
  const byStep = Map.groupBy(made, (row) => row.step_id);
  return new Map(
    [...byStep].flatMap(([stepId, rows]): Array<[string, Begun]> => {
      const last = rows.at(-1);
      if (!last || !open.has(stepId)) return [];
      return [[stepId, { modelId: last.modelId, modelHash: last.modelHash, edgeIds: rows.flatMap(({ maker }) => (maker ? [maker] : [])) }]];
    }),
  );
}
