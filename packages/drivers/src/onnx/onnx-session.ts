import type { FloatTensor, Tensor, TensorSession, TensorSpec, TensorType } from '@atelier/diffusion';
import { AtelierError } from '@atelier/protocol';
import { InferenceSession, Tensor as OnnxTensor } from 'onnxruntime-node';
import type { Device } from './device.ts';

const elementTypes: Readonly<Record<string, TensorType>> = {
  float32: 'float32',
  float16: 'float32',
  float64: 'float32',
  int64: 'int64',
  int32: 'int32',
  bool: 'bool',
};

export interface SessionOptions {
  /** For one operation; operations run one after the other. */
  readonly threads: number;
  /** Left out: the CPU. What a device cannot do is computed on the CPU. */
  readonly device?: Device;
  /** A graph to open instead of the file's own, with its weights inside. */
  readonly graph?: Uint8Array;
}

/**
 * A network from an ONNX file. Weights beside the file (ONNX external data) are found by the runtime.
 * Computing blocks the process for as long as it takes: a slot runs in a process of its own.
 * @throws AtelierError `invalid-input` if the runtime cannot read the file
 */
export async function openOnnxSession(file: string, { threads, device = 'cpu', graph }: SessionOptions): Promise<TensorSession> {
  const options = { executionProviders: [device], intraOpNumThreads: threads, interOpNumThreads: 1, logSeverityLevel: 3 } as const;
  const opening = graph === undefined ? InferenceSession.create(file, options) : InferenceSession.create(graph, options);
  const session = await opening.catch((cause: unknown) => {
    throw unreadable(file, cause);
  });
  return new OnnxSession(session, file);
}

class OnnxSession implements TensorSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly inputs: Readonly<Record<string, TensorSpec>>;
  readonly #onnxTypes: ReadonlyMap<string, string>;
  readonly #file: string;
  #session: InferenceSession | undefined;

  constructor(session: InferenceSession, file: string) {
    this.#session = session;
    this.#file = file;
    this.inputNames = session.inputNames;
    this.outputNames = session.outputNames;
    const tensors = session.inputMetadata.filter((input) => input.isTensor);
    this.#onnxTypes = new Map(tensors.map(({ name, type }) => [name, type]));
    this.inputs = Object.fromEntries(tensors.map(({ name, type, shape }) => [name, { type: this.#elementType(name, type), shape }]));
  }

  async run(inputs: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    if (this.#session === undefined) throw new AtelierError('internal', 'A closed session was run.');
    for (const name of Object.keys(inputs)) if (!this.inputNames.includes(name)) throw misfit(this.#file, `it has no input "${name}"`);
    const feeds = Object.fromEntries(this.inputNames.map((name) => [name, this.#feed(name, inputs[name])]));
    const results = await this.#session.run(feeds).catch((cause: unknown) => {
      throw misfit(this.#file, reasonOf(cause), cause);
    });
    return Object.fromEntries(Object.entries(results).map(([name, result]) => [name, fromOnnx(this.#file, name, result as OnnxTensor)]));
  }

  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.release();
  }

  #feed(name: string, tensor: Tensor | undefined): OnnxTensor {
    const spec = this.inputs[name];
    if (tensor === undefined || spec === undefined) throw misfit(this.#file, `its input "${name}" is missing`);
    if (tensor.type !== spec.type) throw misfit(this.#file, `its input "${name}" is of type ${spec.type}, not ${tensor.type}`);
    const fits =
      spec.shape.length === tensor.shape.length && spec.shape.every((size, axis) => typeof size === 'string' || size < 0 || size === tensor.shape[axis]);
    if (!fits) throw misfit(this.#file, `its input "${name}" has the shape [${spec.shape.join(', ')}], not [${tensor.shape.join(', ')}]`);
    return toOnnx(tensor, this.#onnxTypes.get(name) ?? tensor.type);
  }

  #elementType(name: string, type: string): TensorType {
    const known = elementTypes[type];
    if (known === undefined) throw misfit(this.#file, `its input "${name}" is of type ${type}, which is not offered`);
    return known;
  }
}

function toOnnx(tensor: Tensor, onnxType: string): OnnxTensor {
  if (tensor.type !== 'float32' || onnxType === 'float32') return new OnnxTensor(tensor.type, tensor.data as Float32Array, tensor.shape);
  if (onnxType === 'float16') return halfTensor(tensor);
  return new OnnxTensor('float64', Float64Array.from(tensor.data), tensor.shape);
}

/** The native part of ONNX Runtime does not know the Float16Array into which the tensor's own constructor turns what it is given; it reads the bits. */
function halfTensor({ data, shape }: FloatTensor): OnnxTensor {
  const bits = new Uint16Array(Float16Array.from(data).buffer);
  return Object.defineProperty(new OnnxTensor('float16', bits, shape), 'data', { value: bits });
}

function fromOnnx(file: string, name: string, { type, data, dims }: OnnxTensor): Tensor {
  const shape = [...dims];
  switch (type) {
    case 'float32':
      return { type, data: Float32Array.from(data as Float32Array), shape };
    case 'float16':
    case 'float64':
      return { type: 'float32', data: Float32Array.from(data as Iterable<number>), shape };
    case 'int64':
      return { type, data: BigInt64Array.from(data as BigInt64Array), shape };
    case 'int32':
      return { type, data: Int32Array.from(data as Int32Array), shape };
    case 'bool':
      return { type, data: Uint8Array.from(data as Uint8Array), shape };
    default:
      throw misfit(file, `its output "${name}" is of type ${type}, which is not offered`);
  }
}

function unreadable(file: string, cause: unknown): AtelierError {
  return new AtelierError('invalid-input', `ONNX Runtime cannot read ${file}: ${reasonOf(cause)}`, {
    hint: 'Remove the model and pull it again; a file may be missing.',
    cause,
  });
}

function misfit(file: string, what: string, cause?: unknown): AtelierError {
  return new AtelierError('invalid-input', `${file} does not fit: ${what}.`, { hint: 'The folder must hold a model in the diffusers layout for ONNX.', cause });
}

function reasonOf(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).split('\n')[0] ?? '';
}
