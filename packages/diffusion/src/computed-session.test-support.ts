import { AtelierError } from '@atelier/protocol';
import type { Tensor, TensorSession, TensorSpec } from './tensor.ts';

/** A session that a function computes, which keeps the promises of {@link TensorSession}. */
export function computedSession(
  inputs: Record<string, TensorSpec>,
  outputNames: readonly string[],
  compute: (given: Record<string, Tensor>) => Record<string, Tensor>,
): TensorSession {
  const inputNames = Object.keys(inputs);
  return {
    inputNames,
    outputNames,
    inputs,
    run: async (given) => {
      if (Object.keys(given).some((name) => !inputNames.includes(name))) throw new AtelierError('invalid-input', 'Unknown input.');
      for (const name of inputNames) requireFit(name, inputs[name] as TensorSpec, given[name]);
      return compute({ ...given });
    },
    close: async () => undefined,
  };
}

function requireFit(name: string, spec: TensorSpec, tensor: Tensor | undefined): void {
  const fits =
    tensor?.type === spec.type &&
    tensor.shape.length === spec.shape.length &&
    spec.shape.every((size, axis) => typeof size === 'string' || size === tensor.shape[axis]);
  if (!fits) throw new AtelierError('invalid-input', `The input ${name} does not fit.`);
}
