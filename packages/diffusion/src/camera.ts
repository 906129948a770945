/** How the camera goes while a loop plays. Every path is periodic, so that the loop has no seam; zoom and pans begin and end at rest. */
export const cameraNames = ['still', 'zoom', 'pan-left', 'pan-right', 'orbit'] as const;
export type CameraName = (typeof cameraNames)[number];

/** Where the camera is. */
export interface CameraView {
  /** 1 shows the whole picture, 1.2 a sixth less along each side. */
  readonly scale: number;
  /** How far the centre of the view lies from the picture's, as a share of its width (to the right) and height (down). */
  readonly x: number;
  readonly y: number;
}

/** The greatest distance of the view's centre, as a share of a side. */
const reach = 0.03;
/** How much nearer a zoom comes. */
const zoomDepth = 0.12;

/**
 * The camera at one place of the loop. The view never leaves the picture.
 * @param angle in radians; one turn is one loop
 */
export function cameraView(camera: CameraName, angle: number): CameraView {
  switch (camera) {
    case 'still':
      return { scale: 1, x: 0, y: 0 };
    case 'zoom':
      return { scale: 1 + (zoomDepth * (1 - Math.cos(angle))) / 2, x: 0, y: 0 };
    case 'pan-left':
      return { scale: 1 / (1 - 2 * reach), x: reach * Math.cos(angle), y: 0 };
    case 'pan-right':
      return { scale: 1 / (1 - 2 * reach), x: -reach * Math.cos(angle), y: 0 };
    case 'orbit':
      return { scale: 1 / (1 - 2 * reach), x: reach * Math.cos(angle), y: reach * Math.sin(angle) };
  }
}

export interface PlanarPicture {
  readonly width: number;
  readonly height: number;
  /** Planes of height x width values, one after the other. */
  readonly data: Float32Array;
}

/**
 * What a camera sees of a picture, resampled with parts of a pixel and scaled to a size, by a Lanczos kernel of three lobes.
 * It is meant for enlarging; beyond the border the nearest pixel goes on.
 */
export function viewPicture(picture: PlanarPicture, view: CameraView, size: { readonly width: number; readonly height: number }): PlanarPicture {
  const planes = picture.data.length / (picture.width * picture.height);
  const columns = kernelTaps(picture.width, size.width, view.scale, view.x);
  const rows = kernelTaps(picture.height, size.height, view.scale, view.y);
  const data = new Float32Array(planes * size.width * size.height);
  for (let plane = 0; plane < planes; plane++) {
    const source = picture.data.subarray(plane * picture.width * picture.height, (plane + 1) * picture.width * picture.height);
    const tall = mixRows(source, picture.width, rows);
    mixColumns(tall, picture.width, columns, data.subarray(plane * size.width * size.height, (plane + 1) * size.width * size.height));
  }
  return { ...size, data };
}

const lobes = 3;
const tapCount = 2 * lobes;

/** For every place of the result, the source places it is mixed from and their weights, `tapCount` of each in a row. */
interface Taps {
  readonly from: Int32Array;
  readonly weights: Float32Array;
}

function kernelTaps(sourceLength: number, length: number, scale: number, shift: number): Taps {
  const from = new Int32Array(length * tapCount);
  const weights = new Float32Array(length * tapCount);
  for (let i = 0; i < length; i++) {
    const position = (((i + 0.5) / length - 0.5) / scale + 0.5 + shift) * sourceLength - 0.5;
    const start = Math.floor(position) - lobes + 1;
    let sum = 0;
    for (let tap = 0; tap < tapCount; tap++) sum += lanczos(position - (start + tap));
    for (let tap = 0; tap < tapCount; tap++) {
      from[i * tapCount + tap] = Math.max(0, Math.min(sourceLength - 1, start + tap));
      weights[i * tapCount + tap] = lanczos(position - (start + tap)) / sum;
    }
  }
  return { from, weights };
}

function lanczos(distance: number): number {
  if (distance === 0) return 1;
  if (Math.abs(distance) >= lobes) return 0;
  const x = Math.PI * distance;
  return (lobes * Math.sin(x) * Math.sin(x / lobes)) / (x * x);
}

function mixRows(source: Float32Array, width: number, { from, weights }: Taps): Float32Array {
  const height = from.length / tapCount;
  const mixed = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let tap = y * tapCount; tap < (y + 1) * tapCount; tap++) {
      const weight = weights[tap] as number;
      const offset = (from[tap] as number) * width;
      for (let x = 0; x < width; x++) mixed[y * width + x] = (mixed[y * width + x] as number) + weight * (source[offset + x] as number);
    }
  }
  return mixed;
}

function mixColumns(source: Float32Array, sourceWidth: number, { from, weights }: Taps, result: Float32Array): void {
  const width = from.length / tapCount;
  const height = source.length / sourceWidth;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let tap = x * tapCount; tap < (x + 1) * tapCount; tap++)
        sum += (weights[tap] as number) * (source[y * sourceWidth + (from[tap] as number)] as number);
      result[y * width + x] = sum;
    }
  }
}
