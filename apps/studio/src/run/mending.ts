import type { EdgeView, ErrorCode, ModelView, RunView, StepView } from '@atelier/protocol';
import { fitOn } from '../fleet/fits.ts';

/** What mends a failed step: the first thing that its page offers. */
export type Mending = 'pull' | 'edit' | 'choose-input' | 'again';

const mendings: Partial<Record<ErrorCode, Mending>> = {
  'no-offer': 'pull',
  'unknown-model': 'pull',
  offline: 'pull',
  'out-of-memory': 'edit',
  'invalid-input': 'edit',
  'parameter-out-of-bounds': 'edit',
  'too-large': 'edit',
  'not-found': 'choose-input',
  'unsupported-media': 'choose-input',
  'damaged-media': 'choose-input',
};

/** What a failure asks for. Whatever may pass by itself (a machine that is lost, a slot that crashed, a full disk) is tried again. */
export const mendingOf = (step: Pick<StepView, 'error' | 'attempts'>): Mending => mendings[codeOf(step) ?? 'internal'] ?? 'again';

function codeOf(step: Pick<StepView, 'error' | 'attempts'>): ErrorCode | undefined {
  const told = step.attempts.findLast((attempt) => attempt.error)?.error?.code ?? step.error?.code;
  return told as ErrorCode | undefined;
}

/** A model to bring, and the machine to bring it to. */
export interface Pull {
  readonly model: ModelView;
  readonly edge: EdgeView;
}

/**
 * What to pull for a step that had no model. A step that was bound to a model, by whoever wrote the chain or by its plan, is offered
 * that one and no other, on its machine if it was bound to one too. For a free step it is the first that a machine here has room for.
 * @returns null where pulling mends nothing: the model is not in the catalogue, is on its way or here already, or fits nowhere
 */
export function pullFor(run: Pick<RunView, 'chain'>, step: StepView, models: readonly ModelView[], edges: readonly EdgeView[]): Pull | null {
  const planned = run.chain.steps.find(({ id }) => id === step.id);
  const needed = planned?.model ?? step.offer?.modelId;
  const fitting = models.filter(({ manifest }) => (needed === undefined ? manifest.tasks.includes(step.task) : manifest.id === needed));
  const online = edges.filter(({ id, name, state }) => state === 'online' && (planned?.edge === undefined || planned.edge === id || planned.edge === name));
  for (const model of fitting) {
    const edge = online.find((one) => lacks(model, one) && fitOn(one, model.downloadBytes, model.manifest.memoryBytes) !== 'no-memory');
    if (edge) return { model, edge };
  }
  return null;
}

const lacks = ({ edges }: ModelView, { id }: EdgeView) => !edges.some(({ edgeId, state }) => edgeId === id && (state === 'ready' || state === 'pulling'));
