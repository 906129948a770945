import { type Place, planChain } from '@atelier/planner';
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
export async function createRun(context: CoreContext, viewer: Viewer, request: NewRun, idempotencyKey: string | undefined): Promise<RunId> {
  const hash = idempotencyKey === undefined ? null : requestHash(request);
  const known = idempotencyKey === undefined ? undefined : await findByKey(context, viewer, idempotencyKey, hash);
  if (known) return known;
  const chain = drawSeeds(chainOf(request));
  const inputs = await prepareInputs(context, viewer, chain, namedInputs(chain, request.inputs));
  const name = request.name ?? chain.name;
  const { priority, fresh } = request;
  const draft = { chain, name, priority, fresh, inputs, parentRunId: null, reused: [], idempotencyKey: idempotencyKey ?? null, requestHash: hash };
  const written = await writeNewRun(context, viewer, draft);
  if (written) return written;
  // Somebody else's request with this key was committed in the meantime.
  const winner = await findByKey(context, viewer, idempotencyKey as string, hash);
  if (!winner) throw new AtelierError('internal', 'A run with this key was made and is gone again.');
  return winner;
}

/** Plans and commits a draft. @returns nothing where another run has its idempotency key */
export async function writeNewRun(context: CoreContext, viewer: Viewer, draft: RunDraft): Promise<RunId | undefined> {
  checkCharacters(draft);
  const runId = newId<RunId>();
  const machine = beginRun(draft.chain.steps.map((step) => newStep(step, draft)));
  const plan = planNewRun(context, draft);
  const event = { kind: 'planned', basedOn: machine.planVersion, bindings: bindingsOf(plan) } as const;
  const { value } = await context.changes.change(runId, async (tx) => {
    await checkOpenRuns(tx, viewer);
    const run = await insertRun(tx, { runId, userId: viewer.id, draft, machine });
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
    hint: 'Type it anew: such characters come with copies of damaged files.',
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

function planNewRun(context: CoreContext, draft: RunDraft): Plan {
  const existing = Object.fromEntries(draft.inputs.map((input) => [input.name, { bytes: input.sizeBytes, at: input.at as Place[] }]));
  const settled = new Map(draft.reused.map((step) => [step.stepId, { kind: 'finished' as const, outputs: step.outputs }]));
  const options = { count: 1, inputs: existing, settled, catalogue: context.catalogue };
  return planChain(draft.chain, fleetSnapshot(context), options).plans[0] as Plan;
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
