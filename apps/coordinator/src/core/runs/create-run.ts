import { type ExistingData, expectSteps, type FleetSnapshot, type Place, planChain } from '@atelier/planner';
import {
  AtelierError,
  findTask,
  limits,
  type ModelManifest,
  type NewRun,
  newId,
  type Plan,
  type ResolvedStep,
  type RunId,
  readsFrom,
  runName,
  shardCount,
  shardOrder,
} from '@atelier/protocol';
import { beginRun, type NewStep } from '@atelier/runs';
import type { PoolClient } from 'pg';
import type { Viewer } from '../contracts/index.ts';
import { bindingsOf, type Planning } from '../planning/index.ts';
import type { Quota } from '../quota/index.ts';
import { contentHash, type RunDraft, type RunWriter } from '../state/index.ts';
import { chainOf, drawSeeds, namedInputs } from './chain-request.ts';
import { controlsOf } from './run-controls.ts';
import { type InputNeeds, prepareInputs, type RunInput } from './run-inputs.ts';

export interface CreateNeeds extends InputNeeds {
  readonly writer: RunWriter;
  readonly planning: Planning;
  readonly quota: Quota;
  readonly catalogue: readonly ModelManifest[];
}

/** A run that is about to be planned and written. */
export interface PlannedDraft extends RunDraft {
  readonly inputs: readonly RunInput[];
}

/** Plans and writes a run; it is safe when this returns. @throws AtelierError as `Core.createRun` */
export function createRun(needs: CreateNeeds, viewer: Viewer, request: NewRun, idempotencyKey: string | undefined): Promise<RunId> {
  return writeOnce(needs, viewer, { request, idempotencyKey, bringsBytes: textBytes(request.inputs) }, async () => {
    const chain = drawSeeds(chainOf(request));
    const inputs = await prepareInputs(needs, viewer, chain, namedInputs(chain, request.inputs));
    const name = request.name ?? runName({ chainName: chain.name, steps: chain.steps, inputs });
    const controls = controlsOf(chain, request.controls ?? {});
    return { chain, name, priority: request.priority, fresh: request.fresh, inputs, parentRunId: null, reused: [], controls };
  });
}

function textBytes(inputs: NewRun['inputs']): number {
  return Object.values(inputs).reduce((sum, value) => sum + ('text' in value ? Buffer.byteLength(value.text) : 0), 0);
}

interface KeyedRequest {
  readonly request: unknown;
  readonly idempotencyKey: string | undefined;
  /** Of texts that become somebody's own with the run. */
  readonly bringsBytes: number;
}

/** Writes what a request asks for, once for each key. @throws AtelierError as `Core.createRun`, and what `draft` throws */
export async function writeOnce(
  needs: CreateNeeds,
  viewer: Viewer,
  { request, idempotencyKey, bringsBytes }: KeyedRequest,
  draft: () => Promise<Omit<PlannedDraft, 'idempotencyKey' | 'requestHash'>>,
): Promise<RunId> {
  const hash = idempotencyKey === undefined ? null : contentHash(request);
  const known = idempotencyKey === undefined ? undefined : await findByKey(needs, viewer, idempotencyKey, hash);
  if (known) return known;
  const written = await needs.quota.bring(viewer.id, bringsBytes, async () =>
    writeNewRun(needs, viewer, { ...(await draft()), idempotencyKey: idempotencyKey ?? null, requestHash: hash }),
  );
  if (written) return written;
  // Somebody else's request with this key was committed in the meantime.
  const winner = await findByKey(needs, viewer, idempotencyKey as string, hash);
  if (!winner) throw new AtelierError('internal', 'A run with this key was made and is gone again.');
  return winner;
}

/** Plans and commits a draft. @returns nothing if another run has its idempotency key */
async function writeNewRun(needs: CreateNeeds, viewer: Viewer, draft: PlannedDraft): Promise<RunId | undefined> {
  checkCharacters(draft);
  const runId = newId<RunId>();
  const machine = beginRun(draft.chain.steps.map((step) => newStep(step, draft)));
  const fleet = needs.planning.snapshot();
  const plan = planNewRun(needs.catalogue, draft, fleet);
  const expected = expectSteps(draft.chain, fleet, byName(draft.inputs));
  const event = { kind: 'planned', basedOn: machine.planVersion, bindings: bindingsOf(plan) } as const;
  const rows = { runId, userId: viewer.id, draft, expected, machine };
  return (await needs.writer.create(rows, event, plan, (tx) => checkOpenRuns(tx, viewer))) ? runId : undefined;
}

/** The character zero and halves of characters, as JSON writes them. */
const unkept = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f][0-9a-f]{2})/;

/** PostgreSQL keeps neither. @throws AtelierError `invalid-input` */
function checkCharacters({ chain, name, inputs }: RunDraft): void {
  if (!unkept.test(JSON.stringify([chain, name, inputs]))) return;
  throw new AtelierError('invalid-input', 'A text of the run holds the character zero or half of a character.', {
    hint: 'Type it again: such characters come with copies of damaged files.',
  });
}

function newStep(step: ResolvedStep, draft: RunDraft): NewStep {
  const task = findTask(step.task);
  return {
    id: step.id,
    reads: readsFrom(step),
    shards: shardCount(task, step.parameters),
    order: shardOrder(task, step.parameters),
    done: draft.reused.some((reused) => reused.stepId === step.id),
    ask: !draft.fresh,
  };
}

function byName(inputs: readonly RunInput[]): Record<string, ExistingData> {
  return Object.fromEntries(inputs.map(({ name, sizeBytes, at, dimensions }) => [name, { bytes: sizeBytes, at: at as Place[], dimensions }]));
}

function planNewRun(catalogue: readonly ModelManifest[], draft: PlannedDraft, fleet: FleetSnapshot): Plan {
  const settled = new Map(draft.reused.map((step) => [step.stepId, { kind: 'finished' as const, outputs: step.outputs }]));
  const options = { count: 1, inputs: byName(draft.inputs), settled, catalogue };
  return planChain(draft.chain, fleet, options).plans[0] as Plan;
}

async function findByKey({ database }: CreateNeeds, viewer: Viewer, key: string, hash: string | null): Promise<RunId | undefined> {
  const { rows } = await database.pool.query('SELECT id, request_hash FROM runs WHERE user_id = $1 AND idempotency_key = $2', [viewer.id, key]);
  if (rows.length === 0) return undefined;
  if (rows[0].request_hash === hash) return rows[0].id;
  throw new AtelierError('conflict', 'This Idempotency-Key came with another request before.', { hint: 'Send a new key with a new request.' });
}

async function checkOpenRuns(tx: PoolClient, viewer: Viewer): Promise<void> {
  const { rows } = await tx.query<{ open: number; most: number }>(
    `SELECT count(*)::int AS open, coalesce((SELECT most_open_runs FROM "user" WHERE id = $1), $2)::int AS most
    FROM runs WHERE user_id = $1 AND state IN ('planning', 'running', 'paused')`,
    [viewer.id, limits.openRunsPerUser],
  );
  const { open, most } = rows[0] as { open: number; most: number };
  if (open < most) return;
  const hint = most === 0 ? 'Ask an owner to allow you some.' : 'Wait for some of them, or cancel some. An owner can allow you more.';
  throw new AtelierError('rate-limited', `You have ${open} runs that have not ended, and may have ${most}.`, { hint });
}
