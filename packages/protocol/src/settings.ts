import type { ResolvedChain } from './chain.ts';
import { AtelierError } from './errors.ts';
import { parseParameters } from './task.ts';
import { findTask } from './tasks/index.ts';

/**
 * A chain with some parameters changed: `step.parameter`, or a bare parameter's name for every step that has it. Null puts one back to its
 * default, or leaves it out where it has none.
 * @throws AtelierError `invalid-input` if nothing is called so, `parameter-out-of-bounds`
 */
export function applySettings(chain: ResolvedChain, settings: Record<string, unknown>): ResolvedChain {
  let steps = chain.steps;
  for (const [name, value] of Object.entries(settings)) {
    const [stepId, parameter] = name.includes('.') ? (name.split('.') as [string, string]) : [undefined, name];
    const wanted = (step: ResolvedChain['steps'][number]) => (stepId === undefined ? parameter in findTask(step.task).parameters.shape : step.id === stepId);
    if (!steps.some(wanted)) {
      throw new AtelierError('invalid-input', stepId === undefined ? `No step has a parameter "${name}".` : `No step is named "${stepId}".`, {
        hint: `Steps are: ${steps.map((step) => step.id).join(', ')}.`,
      });
    }
    steps = steps.map((step) =>
      wanted(step) ? { ...step, parameters: parseParameters(findTask(step.task), { ...step.parameters, [parameter]: value ?? undefined }, step.id) } : step,
    );
  }
  return { ...chain, steps };
}
