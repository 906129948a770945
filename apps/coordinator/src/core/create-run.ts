import { type ExistingData, expectSteps, type FleetSnapshot, type Place, planChain } from '@atelier/planner';
import {
  AtelierError,
  findTask,
  limits,
  type NewRun,
  newId,
  type Plan,
  type ResolvedChain,
  type ResolvedStep,
  type RunId,
  readsFrom,
  runName,
  shardCount,
  shardOrder,
} from '@atelier/protocol';
import { beginRun, type NewStep } from '@atelier/runs';
import type { PoolClient } from 'pg';
import { advanceLoaded, unchanged } from './advance.ts';
import { chainOf, drawSeeds, namedInputs, requestHash } from './chain-request.ts';
import type { CoreContext } from './context.ts';
import type { Viewer } from './core.ts';
import { fleetSnapshot } from './fleet-snapshot.ts';
import { prepareInputs, type RunInput } from './inputs.ts';
import { insertRun, type ReusedStep } from './insert-run.ts';
import { bindingsOf } from './planning.ts';

/** A run that is about to be written. */
export interface RunDraft {
  readonly chain: ResolvedChain;
  readonly name: string;
  readonly priority: number;
  readonly inputs: readonly RunInput[];
  readonly parentRunId: RunId | null;
  /** Steps whose results are taken over from the parent. */
  readonly reused: readonly ReusedStep[];
  readonly idempotencyKey: string | null;
  readonly requestHash: string | null;
  /** Computes everything, whatever the result cache knows. */
  readonly fresh: boolean;
}

/** Plans and writes a run; it is safe when this returns. @throws AtelierError as `Core.createRun` */
export function createRun(context: CoreContext, viewer: Viewer, request: NewRun, idempotencyKey: string | undefined): Promise<RunId> {
  return writeOnce(context, viewer, { request, idempotencyKey, bringsBytes: textBytes(request.inputs) }, async () => {
    const chain = drawSeeds(chainOf(request));
    const inputs = await prepareInputs(context, viewer, chain, namedInputs(chain, request.inputs));
    const name = request.name ?? runName({ chainName: chain.name, steps: chain.steps, inputs });
    return { chain, name, priority: request.priority, fresh: request.fresh, inputs, parentRunId: null, reused: [] };
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
  context: CoreContext,
  viewer: Viewer,
  { request, idempotencyKey, bringsBytes }: KeyedRequest,
  draft: () => Promise<Omit<RunDraft, 'idempotencyKey' | 'requestHash'>>,
): Promise<RunId> {
  const hash = idempotencyKey === undefined ? null : requestHash(request);
  const known = idempotencyKey === undefined ? undefined : await findByKey(context, viewer, idempotencyKey, hash);
  if (known) return known;
  const written = await context.quota.bring(viewer.id, bringsBytes, async () =>
    writeNewRun(context, viewer, { ...(await draft()), idempotencyKey: idempotencyKey ?? null, requestHash: hash }),
  );
  if (written) return written;
  // Somebody else's request with this key was committed in the meantime.
  const winner = await findByKey(context, viewer, idempotencyKey as string, hash);
  if (!winner) throw new AtelierError('internal', 'A run with this key was made and is gone again.');
  return winner;
}

/** Plans and commits a draft. @returns nothing where another run has its idempotency key */
async function writeNewRun(context: CoreContext, viewer: Viewer, draft: RunDraft): Promise<RunId | undefined> {
  checkCharacters(draft);
  const runId = newId<RunId>();
  const machine = beginRun(draft.chain.steps.map((step) => newStep(step, draft)));
  const fleet = fleetSnapshot(context);
  const plan = planNewRun(context, draft, fleet);
  const expected = expectSteps(draft.chain, fleet, byName(draft.inputs));
  const event = { kind: 'planned', basedOn: machine.planVersion, bindings: bindingsOf(plan) } as const;
  const { value } = await context.changes.change(runId, async (tx) => {
    await checkOpenRuns(tx, viewer);
    const run = await insertRun(tx, { runId, userId: viewer.id, draft, expected, machine });
    if (!run) return { advanced: unchanged({ id: runId, userId: viewer.id, priority: draft.priority, machine }), value: false };
    return { advanced: await advanceLoaded(context.advancing, tx, run, event, { plan }), value: true };
  });
  return value ? runId : undefined;
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

function planNewRun(context: CoreContext, draft: RunDraft, fleet: FleetSnapshot): Plan {
  const settled = new Map(draft.reused.map((step) => [step.stepId, { kind: 'finished' as const, outputs: step.outputs }]));
  const options = { count: 1, inputs: byName(draft.inputs), settled, catalogue: context.catalogue };
  return planChain(draft.chain, fleet, options).plans[0] as Plan;
}

async function findByKey(context: CoreContext, viewer: Viewer, key: string, hash: string | null): Promise<RunId | undefined> {
  const { rows } = await context.database.pool.query('SELECT id, request_hash FROM runs WHERE user_id = $1 AND idempotency_key = $2', [viewer.id, key]);
  if (rows.length === 0) return undefined;
  if (rows[0].request_hash === hash) return rows[0].id;
  throw new AtelierError('conflict', 'This Idempotency-Key came with another request before.', { hint: 'Send a new key with a new request.' });
}

async function checkOpenRuns(tx: PoolClient, viewer: Viewer): Promise<void> {
  const { rows } = await tx.query("SELECT count(*)::int AS open FROM runs WHERE user_id = $1 AND state IN ('planning', 'running', 'paused')", [viewer.id]);
  if (rows[0].open < limits.openRunsPerUser) return;
  throw new AtelierError('rate-limited', `You have ${rows[0].open} runs that have not ended.`, { hint: 'Wait for some of them, or cancel some.' });
}
