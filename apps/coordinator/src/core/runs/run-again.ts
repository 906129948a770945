import type { Place } from '@atelier/planner';
import { type Again, AtelierError, applySettings, findTask, type ResolvedChain, type RunId, type RunView, readsFrom, shardCount } from '@atelier/protocol';
import type { Database } from '@atelier/store';
import { findOutput } from '../bytes/index.ts';
import type { Viewer } from '../contracts/index.ts';
import type { Fleet } from '../fleet/index.ts';
import type { ReusedStep } from '../state/index.ts';
import { drawSeeds } from './chain-request.ts';
import { type CreateNeeds, type PlannedDraft, writeOnce } from './create-run.ts';
import { controlsAgain } from './run-controls.ts';
import { type RunInput, storeWritten } from './run-inputs.ts';
import { readRun } from './views.ts';

interface AgainNeeds extends CreateNeeds {
  readonly fleet: Fleet;
}

/** A new run of the same chain, whole or from a step on. @throws AtelierError as `createRun`; `not-found`, `invalid-input` */
export function runAgain(needs: AgainNeeds, viewer: Viewer, request: Again, idempotencyKey: string | undefined): Promise<RunId> {
  return writeOnce(needs, viewer, { request, idempotencyKey, bringsBytes: 0 }, () => draftAgain(needs, viewer, request));
}

async function draftAgain(needs: AgainNeeds, viewer: Viewer, request: Again): Promise<Omit<PlannedDraft, 'idempotencyKey' | 'requestHash'>> {
  const parent = await readRun(needs.database, needs.fleet, viewer, request.id);
  const fresh = stepsToRun(parent.chain, request.fromStep);
  const reused = await takeOver(needs.database, viewer, parent, fresh);
  const kept = new Set(reused.map((step) => step.stepId));
  const changed = applySettings(parent.chain, request.set);
  const seedless = new Set(request.seed === 'new' ? changed.steps.map((step) => step.id).filter((id) => !kept.has(id) && !hasOwnSeed(request, id)) : []);
  const chain = keepParameters(parent.chain, drawSeeds(changed, seedless), kept);
  await storeWritten(needs, chain);
  const inputs = await Promise.all(parent.inputs.map((input) => sameInput(needs.database, viewer, input)));
  const { name, priority, id: parentRunId } = parent;
  const controls = await controlsAgain(needs.database, { parent, chain, kept });
  return { chain, name, priority, inputs, parentRunId, reused, fresh: request.fresh, controls };
}

/** The step and all that come after it, or everything. @throws AtelierError `invalid-input` */
function stepsToRun(chain: ResolvedChain, fromStep: string | undefined): Set<string> {
  if (fromStep === undefined) return new Set(chain.steps.map((step) => step.id));
  if (!chain.steps.some((step) => step.id === fromStep)) {
    throw new AtelierError('invalid-input', `No step is named "${fromStep}".`, { hint: `Steps are: ${chain.steps.map((step) => step.id).join(', ')}.` });
  }
  const after = new Set([fromStep]);
  for (const step of chain.steps) if (readsFrom(step).some((name) => after.has(name))) after.add(step.id);
  return after;
}

/** Results that need not be made again: those of steps that succeeded, and whose inputs are taken over too. */
async function takeOver(database: Database, viewer: Viewer, parent: RunView, fresh: ReadonlySet<string>): Promise<ReusedStep[]> {
  const reused: ReusedStep[] = [];
  const deleted = await stepsWithDeleted(database, parent.id);
  for (const step of parent.chain.steps) {
    const view = parent.steps.find((candidate) => candidate.id === step.id);
    const complete = readsFrom(step).every((name) => reused.some((other) => other.stepId === name));
    if (fresh.has(step.id) || view?.state !== 'succeeded' || !complete || deleted.has(step.id) || !hasEverything(view)) continue;
    const outputs: Record<string, { bytes: number; at: Place[] }> = {};
    for (const output of view.outputs) {
      // Of a port with many values the places of the first stand for all: they are only for the plan.
      const known = outputs[output.port];
      const at = known?.at ?? ((await findOutput(database, viewer, output.id)).at as Place[]);
      outputs[output.port] = { bytes: (known?.bytes ?? 0) + output.sizeBytes, at };
    }
    reused.push({ stepId: step.id, fromRunId: parent.id, outputs });
  }
  return reused;
}

async function stepsWithDeleted(database: Database, runId: RunId): Promise<ReadonlySet<string>> {
  const { rows } = await database.pool.query('SELECT DISTINCT step_id FROM outputs WHERE run_id = $1 AND deleted_at IS NOT NULL', [runId]);
  return new Set(rows.map((row) => row.step_id));
}

/** False if a result was deleted for good. */
function hasEverything({ task: name, parameters, outputs }: RunView['steps'][number]): boolean {
  const task = findTask(name);
  const least = shardCount(task, parameters);
  return Object.entries(task.outputs).every(([port, { required }]) => !required || outputs.filter((output) => output.port === port).length >= least);
}

const hasOwnSeed = (request: Again, stepId: string) => `${stepId}.seed` in request.set || 'seed' in request.set;

/** A step that is taken over keeps the parameters that its result was made with. */
function keepParameters(before: ResolvedChain, after: ResolvedChain, kept: ReadonlySet<string>): ResolvedChain {
  return { ...after, steps: after.steps.map((step, index) => (kept.has(step.id) ? (before.steps[index] ?? step) : step)) };
}

async function sameInput(database: Database, viewer: Viewer, input: RunView['inputs'][number]): Promise<RunInput> {
  const found = await findOutput(database, viewer, input.outputId).catch((thrown: unknown) => {
    if (!(thrown instanceof AtelierError) || thrown.code !== 'not-found') throw thrown;
    throw new AtelierError('not-found', `What the run was given as "${input.name}" was deleted.`, {
      hint: 'Bring it back in the gallery, or start a new run with something else.',
    });
  });
  return { ...input, at: found.at, dimensions: found.dimensions, isNew: false, fileName: null };
}
