import { createHash } from 'node:crypto';
import { cutText, findTask, limits, shardKey } from '@atelier/protocol';
import type { PoolClient } from 'pg';
import { contentHash } from './content-hash.ts';
import type { LoadedRun, StepFacts, StepRow } from './loaded-run.ts';

/** Some bytes that a step reads. */
interface ReadValue {
  /** `inputs.NAME` or `STEP.PORT`. */
  readonly source: string;
  readonly hash: string;
  readonly modality: string;
  readonly text: string | null;
  readonly caption: string;
}

const readValues = {
  name: 'read-facts',
  text: `SELECT o.step_id || '.' || o.port AS source, o.hash, o.modality, o.text, o.caption, o.shard, o.index
      FROM outputs o WHERE o.run_id = $1 AND o.step_id = ANY($2)
    UNION ALL SELECT 'inputs.' || i.name, o.hash, o.modality, i.text, o.caption, 0, 0
      FROM run_inputs i JOIN outputs o ON o.id = i.output_id WHERE i.run_id = $1
    ORDER BY shard, index`,
};

/** The facts of a step whose inputs are there, looked up once for a run. */
export async function factsOf(tx: Pick<PoolClient, 'query'>, run: LoadedRun, stepId: string): Promise<StepFacts> {
  const known = run.facts.get(stepId);
  if (known) return known;
  const { rows } = await tx.query({ ...readValues, values: [run.id, run.machine.steps.get(stepId)?.reads ?? []] });
  return factsFrom(run.steps.get(stepId) as StepRow, rows as ReadValue[]);
}

/** @param values what the step may read, in the order of shards, then of values */
function factsFrom(step: StepRow, values: readonly ReadValue[]): StepFacts {
  const task = findTask(step.task);
  const bySource = Map.groupBy(values, (value) => value.source);
  const inputs: Record<string, string[]> = {};
  const read: ReadValue[] = [];
  for (const [port, sources] of Object.entries(step.inputs)) {
    const found = sources.flatMap((source) => (typeof source === 'string' ? (bySource.get(source) ?? []) : [writtenValue(source.text)]));
    // A port without `many` takes the first of several values.
    const taken = task.inputs[port]?.many ? found : found.slice(0, 1);
    inputs[port] = taken.map((value) => value.hash);
    read.push(...taken);
  }
  return { inputs, caption: captionOf(read, task.caption(step.parameters)) };
}

function writtenValue(text: string): ReadValue {
  return { source: 'text', modality: 'text', hash: createHash('sha256').update(text, 'utf8').digest('hex'), text, caption: '' };
}

/** The short texts that a step reads, or what led to the pictures that it reads, with what stands in its parameters. */
function captionOf(read: readonly ReadValue[], own: string): string {
  const texts = read.flatMap((value) => (value.modality === 'text' && value.text ? [value.text] : []));
  const inherited = texts.length > 0 ? [] : read.map((value) => value.caption);
  const parts = [...new Set([...texts, own, ...inherited].map((part) => part.trim()))].filter((part) => part !== '');
  // Composed, as what is typed into the search.
  return cutText(parts.join(' · ').normalize('NFC'), limits.captionCharacters);
}

/** What a reproducible model's result of one shard is found by: SHA-256 of all that its bytes depend on, as JSON with sorted keys. */
export function cacheKey(step: StepRow, model: { modelId: string; modelHash: string }, shard: number, facts: StepFacts): string {
  const task = findTask(step.task);
  const { modelId, modelHash } = model;
  return contentHash({ task: task.name, modelId, modelHash, key: shardKey(task, step.parameters, shard, facts.inputs) });
}
