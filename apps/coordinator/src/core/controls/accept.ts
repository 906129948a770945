import { AtelierError, controlBytes, findTask, limits, parseControl, type RunId, type SteerStep, type StepState } from '@atelier/protocol';
import type { PoolClient } from 'pg';
import { maySee, notFound, type Viewer } from '../contracts/index.ts';
import { contentHash } from '../state/index.ts';

/** A control that stands in its step's record. */
export interface Accepted {
  readonly number: number;
  readonly kind: string;
  readonly value: Record<string, unknown>;
  readonly task: string;
  /** False for one that was sent again. */
  readonly isNew: boolean;
}

interface LockedStep {
  readonly task: string;
  readonly state: StepState;
  readonly userId: string;
}

interface Told {
  readonly last: number;
  readonly bytes: number;
  readonly known: { readonly kind: string; readonly value: Record<string, unknown> } | undefined;
}

/**
 * Writes a control into the record of its step, which is locked until the end of the transaction: no result of it is committed meanwhile.
 * @param check may refuse a new control by throwing
 * @throws AtelierError `not-found`, `conflict`, `too-large`, and as `parseControl`
 */
export async function accept(tx: PoolClient, viewer: Viewer, request: SteerStep, check: () => void): Promise<Accepted> {
  const step = await lockStep(tx, viewer, request.id, request.stepId);
  const { kind } = request;
  const value = parseControl(findTask(step.task), request);
  const told = await readTold(tx, request);
  const number = request.number ?? told.last + 1;
  if (number <= told.last) {
    if (told.known && contentHash({ kind, value }) === contentHash(told.known)) return { number, kind, value, task: step.task, isNew: false };
    throw new AtelierError('conflict', `The control ${number} of ${request.stepId} was another one.`, { hint: nextHint(told.last) });
  }
  if (step.state !== 'running') {
    throw new AtelierError('conflict', `The step ${request.stepId} is ${step.state}, and only a running step can be told something.`, {
      hint: ['succeeded', 'failed', 'cancelled'].includes(step.state) ? 'Run it again to change it.' : 'Wait until it runs; then send the control again.',
    });
  }
  if (number > told.last + 1) {
    throw new AtelierError('conflict', `The control ${number} of ${request.stepId} comes too early: there are ${told.last}.`, { hint: nextHint(told.last) });
  }
  checkRoom(told, value);
  check();
  await tx.query({
    name: 'insert-control',
    text: 'INSERT INTO controls (run_id, step_id, number, kind, value) VALUES ($1, $2, $3, $4, $5)',
    values: [request.id, request.stepId, number, kind, JSON.stringify(value)],
  });
  return { number, kind, value, task: step.task, isNew: true };
}

const nextHint = (last: number) => `The next number is ${last + 1}. Left out, it is given by the studio.`;

async function lockStep(tx: PoolClient, viewer: Viewer, runId: RunId, stepId: string): Promise<LockedStep> {
  const { rows } = await tx.query({
    name: 'lock-step',
    text: `SELECT s.task, s.state, r.user_id AS "userId" FROM runs r LEFT JOIN LATERAL (
        SELECT task, state FROM steps WHERE run_id = r.id AND step_id = $2 FOR NO KEY UPDATE) AS s ON true WHERE r.id = $1`,
    values: [runId, stepId],
  });
  const [row] = rows;
  if (!row || !maySee(viewer, row.userId)) throw notFound();
  if (row.task === null)
    throw new AtelierError('not-found', `The run has no step "${stepId}".`, { hint: `Look at its steps with: atelier runs show ${runId}.` });
  return row;
}

/** A statement of its own, after the lock: it sees what others have written until then. */
async function readTold(tx: PoolClient, { id, stepId, number }: SteerStep): Promise<Told> {
  const { rows } = await tx.query({
    name: 'read-told',
    text: `SELECT COALESCE(max(number), 0)::int AS last, COALESCE(sum(octet_length(value::text)), 0)::int AS bytes,
        (SELECT jsonb_build_object('kind', kind, 'value', value) FROM controls WHERE run_id = $1 AND step_id = $2 AND number = $3) AS known
      FROM controls WHERE run_id = $1 AND step_id = $2`,
    values: [id, stepId, number ?? null],
  });
  const { last, bytes, known } = rows[0];
  return { last, bytes, known: known ?? undefined };
}

/** What a step was told stands in the recipe of what it makes. */
function checkRoom({ last, bytes }: Told, value: Record<string, unknown>): void {
  if (last < limits.controlsPerStep && bytes + controlBytes(value) <= limits.controlBytesPerStep) return;
  throw new AtelierError(
    'too-large',
    `A step takes ${limits.controlsPerStep} controls with ${limits.controlBytesPerStep / 1024} KiB in all, and this one has ${last}.`,
    {
      hint: 'Send fewer and larger changes to the next run.',
    },
  );
}
