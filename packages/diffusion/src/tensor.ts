import { AtelierError } from '@atelier/protocol';

/** Element types that sessions exchange. Half-precision graphs are fed and read as float32: the session converts. */
export type TensorType = 'float32' | 'int64' | 'int32' | 'bool';

/** Dense values in row-major order; `data.length` is the product of `shape`. */
export type Tensor =
  | { readonly type: 'float32'; readonly data: Float32Array; readonly shape: readonly number[] }
  | { readonly type: 'int64'; readonly data: BigInt64Array; readonly shape: readonly number[] }
  | { readonly type: 'int32'; readonly data: Int32Array; readonly shape: readonly number[] }
  | { readonly type: 'bool'; readonly data: Uint8Array; readonly shape: readonly number[] };

export type FloatTensor = Extract<Tensor, { type: 'float32' }>;

/** What a graph says of one of its inputs; a name instead of a number is a size that it leaves open. */
export interface TensorSpec {
  readonly type: TensorType;
  readonly shape: ReadonlyArray<number | string>;
}

/** A network in memory: named tensors in, named tensors out. `conformance.ts` holds what every implementation promises. */
export interface TensorSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly inputs: Readonly<Record<string, TensorSpec>>;
  /**
   * Computes every output. The result shares no memory with the inputs and stays as it is when the session runs again.
   * @throws AtelierError `invalid-input` if an input is missing, unknown or of another type or shape than the graph's
   */
  run(inputs: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>>;
  /** Frees the memory; a second call does nothing. */
  close(): Promise<void>;
}

/** A network that is opened when it is first asked for, once. */
export type Network = () => Promise<TensorSession>;

/** A float32 tensor; zeros if no data is given. */
export function floatTensor(shape: readonly number[], data: Float32Array = new Float32Array(elementCount(shape))): FloatTensor {
  if (data.length !== elementCount(shape)) throw new AtelierError('internal', `A tensor of shape [${shape.join(', ')}] cannot hold ${data.length} values.`);
  return { type: 'float32', data, shape };
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/**
 * Whole numbers as the type that a graph asks for.
 * @param type float32 is accepted too: some exports take timesteps so
 */
export function integerTensor(type: TensorType, values: readonly number[], shape: readonly number[]): Tensor {
  switch (type) {
    case 'int64':
      return { type, data: BigInt64Array.from(values, (value) => BigInt(Math.round(value))), shape };
    case 'int32':
      return { type, data: Int32Array.from(values, Math.round), shape };
    case 'bool':
      return { type, data: Uint8Array.from(values, (value) => (value === 0 ? 0 : 1)), shape };
    case 'float32':
      return { type, data: Float32Array.from(values), shape };
  }
}

/** Joins tensors of equal shape along their first axis. */
export function joinBatch(parts: readonly FloatTensor[]): FloatTensor {
  const first = parts[0];
  if (first === undefined) throw new AtelierError('internal', 'A batch needs at least one tensor.');
  const data = new Float32Array(parts.reduce((sum, part) => sum + part.data.length, 0));
  let offset = 0;
  for (const part of parts) {
    data.set(part.data, offset);
    offset += part.data.length;
  }
  const rows = parts.reduce((sum, part) => sum + (part.shape[0] ?? 1), 0);
  return floatTensor([rows, ...first.shape.slice(1)], data);
}

/** The rows `from` up to, not including, `to` of the first axis, as a copy. */
export function batchRows(tensor: FloatTensor, from: number, to: number): FloatTensor {
  const row = tensor.data.length / (tensor.shape[0] ?? 1);
  return floatTensor([to - from, ...tensor.shape.slice(1)], tensor.data.slice(from * row, to * row));
}

/** The tensor repeated along its first axis. */
export function repeatBatch(tensor: FloatTensor, times: number): FloatTensor {
  return times === 1 ? tensor : joinBatch(Array.from({ length: times }, () => tensor));
}

/** Whether all values are numbers and finite. A plain loop: `every` takes ten times as long, and this is asked after every step. */
export function areFinite(values: Float32Array): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  return true;
}

/** The named output as float32; without that name, the session's first output. @throws AtelierError `invalid-input` for another type */
export function floatOutput(session: TensorSession, outputs: Record<string, Tensor>, name: string): FloatTensor {
  const output = outputs[name] ?? outputs[session.outputNames[0] ?? ''];
  if (output?.type !== 'float32') throw new AtelierError('invalid-input', `The model gives no floating-point output "${name}".`, { hint: modelHint });
  return output;
}

export const modelHint = 'Export the model again, for instance with: optimum-cli export onnx --task text-to-image.';
