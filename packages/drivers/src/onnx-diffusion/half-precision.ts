import { areFinite, type Tensor, type TensorSession } from '@atelier/diffusion';

export interface HalfPrecisionRetry {
  /** Opens the same network in float32; undefined if it is in float32 already or cannot be had. Asked once. */
  readonly openFloat32: () => Promise<TensorSession | undefined>;
  /** Told each time that the network has been computed again. */
  readonly onRetry: () => void;
}

/**
 * A network that is computed again in float32 when half precision overflowed, that is when its inputs are finite and its outputs are
 * not. Every run begins in half precision again: what comes out depends on the inputs alone, not on what overflowed before, so that all edges
 * draw the same. Where float32 does not help either, the outputs come as they are.
 */
export function withFloat32Retry(session: TensorSession, { openFloat32, onRetry }: HalfPrecisionRetry): TensorSession {
  let wide: Promise<TensorSession | undefined> | undefined;
  const again = async (inputs: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor> | undefined> => {
    wide ??= openFloat32();
    const outputs = await (await wide)?.run(inputs);
    if (outputs === undefined || !haveNumbers(outputs)) return undefined;
    onRetry();
    return outputs;
  };
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    inputs: session.inputs,
    run: async (inputs) => {
      const outputs = await session.run(inputs);
      if (haveNumbers(outputs) || !haveNumbers(inputs)) return outputs;
      return (await again(inputs)) ?? outputs;
    },
    close: async () => {
      await session.close();
      await (await wide)?.close();
    },
  };
}

function haveNumbers(tensors: Readonly<Record<string, Tensor>>): boolean {
  return Object.values(tensors).every(({ type, data }) => type !== 'float32' || areFinite(data));
}
