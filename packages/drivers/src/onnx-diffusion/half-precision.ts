import type { Tensor, TensorSession } from '@atelier/diffusion';

export interface HalfPrecisionRetry {
  /** Opens the same network in float32; undefined where it is in float32 already or cannot be had. */
  readonly openFloat32: () => Promise<TensorSession | undefined>;
  /** Told once, when the network has been computed again. */
  readonly onRetry: () => void;
}

/**
 * A network that is computed again in float32 when half precision overflowed, that is when its inputs are finite and its outputs are
 * not; from then on it stays in float32. Where that does not help either, the outputs come as they are.
 */
export function withFloat32Retry(session: TensorSession, { openFloat32, onRetry }: HalfPrecisionRetry): TensorSession {
  let current = session;
  let isTried = false;
  const again = async (inputs: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor> | undefined> => {
    isTried = true;
    const wide = await openFloat32();
    if (wide === undefined) return undefined;
    const outputs = await wide.run(inputs);
    if (!areFinite(outputs)) {
      await wide.close();
      return undefined;
    }
    await current.close();
    current = wide;
    onRetry();
    return outputs;
  };
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    inputs: session.inputs,
    run: async (inputs) => {
      const outputs = await current.run(inputs);
      if (isTried || areFinite(outputs) || !areFinite(inputs)) return outputs;
      return (await again(inputs)) ?? outputs;
    },
    close: () => current.close(),
  };
}

function areFinite(tensors: Readonly<Record<string, Tensor>>): boolean {
  return Object.values(tensors).every(({ type, data }) => type !== 'float32' || data.every(Number.isFinite));
}
