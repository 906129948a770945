import type { EdgeView } from '@atelier/protocol';

/** A family of published models that Atelier's drivers read, with the size of its files as they are commonly published. */
export interface Family {
  readonly title: string;
  readonly does: string;
  readonly fileBytes: number;
}

const gigabyte = 1e9;

/** From small to large. Sizes are those of the usual ONNX or GGUF exports, to a tenth of a gigabyte; a manifest states the exact ones. */
export const families: readonly Family[] = [
  { title: 'Whisper small', does: 'hears speech', fileBytes: 1 * gigabyte },
  { title: 'A language model of 3 billion parameters, 4 bits', does: 'writes texts', fileBytes: 2 * gigabyte },
  { title: 'Stable Diffusion 1.5, half precision', does: 'draws images of 512 pixels', fileBytes: 2.1 * gigabyte },
  { title: 'Stable Diffusion 1.5, full precision', does: 'draws images of 512 pixels', fileBytes: 4.3 * gigabyte },
  { title: 'A language model of 8 billion parameters, 4 bits', does: 'writes texts', fileBytes: 4.9 * gigabyte },
  { title: 'Stable Diffusion XL, half precision', does: 'draws images of 1024 pixels', fileBytes: 6.9 * gigabyte },
];

/** Memory of a loaded model for each byte of its files: weights, and about a third of that for what it computes with. */
const memoryPerByte = 1.3;

export type Fit = 'fits' | 'no-memory' | 'no-disk';

/** Whether a model with files of this size could be used on a machine; undefined if nothing is known of the machine. */
export function fitOn(edge: Pick<EdgeView, 'info'>, fileBytes: number, memoryBytes = fileBytes * memoryPerByte): Fit | undefined {
  if (!edge.info) return undefined;
  if (memoryBytes > edge.info.modelMemoryBytes) return 'no-memory';
  return fileBytes > edge.info.diskFreeBytes ? 'no-disk' : 'fits';
}

/** What a machine computes images with, in a word, and why not with something faster. */
export function deviceOf(edge: Pick<EdgeView, 'info'>): { device: string; reason: string } | undefined {
  const { devices = [] } = edge.info ?? {};
  return devices.find(({ driver }) => driver === 'onnx-diffusion') ?? devices[0];
}
