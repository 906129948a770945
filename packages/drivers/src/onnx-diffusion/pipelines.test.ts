import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  type Drawn,
  drawText,
  type FloatTensor,
  floatTensor,
  inpaintPicture,
  type PictureRequest,
  redrawPicture,
  type SchedulerName,
} from '@atelier/diffusion';
import { afterAll, describe, expect, test } from 'vitest';
import { type OpenedModel, openDiffusionFolder } from './model-folder.ts';

/** Made by fixtures/pipelines/make-pipelines.py: small random models of each architecture, and what diffusers computes with them. */
const fixtures = join(import.meta.dirname, '../../fixtures/pipelines');

interface Packed {
  readonly shape: number[];
  /** Little-endian float32, base64. */
  readonly data: string;
}

interface Case {
  readonly name: string;
  readonly pipeline: 'text-to-image' | 'image-to-image' | 'inpainting';
  readonly scheduler: SchedulerName;
  readonly sigmas: 'model' | 'karras';
  /** Settings of scheduler_config.json that differ from the model's own. */
  readonly schedulerConfig: Record<string, unknown>;
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly steps: number;
  readonly guidanceScale: number;
  readonly guidanceRescale: number;
  readonly strength?: number;
  readonly width: number;
  readonly height: number;
  readonly noise: Packed;
  /** In the order in which the scheduler drew them. */
  readonly stepNoise: Packed[];
  readonly image?: Packed;
  readonly mask?: Packed;
  readonly refiner?: { readonly folder: string; readonly from: number };
  readonly latent: Packed;
  /** The decoded latent. */
  readonly picture?: Packed;
  readonly tolerance?: number;
}

/** Of every value of a latent; the last bits of float32 differ between libraries. */
const defaultTolerance = 1e-3;
/** Weights and activations in half precision have 11 bits, where diffusers computed with 24: a share of the largest value. */
const halfTolerance = 5e-3;

function unpacked({ shape, data }: Packed): FloatTensor {
  const bytes = Buffer.from(data, 'base64');
  return floatTensor(shape, new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)));
}

function requestOf(one: Case, firstStep: number): PictureRequest {
  const stepNoise = one.stepNoise.map((noise) => unpacked(noise).data);
  return { ...one, seed: 0, noise: unpacked(one.noise), stepNoise: (index) => stepNoise[index - firstStep] as Float32Array };
}

async function drawn({ model: own }: OpenedModel, one: Case): Promise<Drawn> {
  const model = { ...own, config: { ...own.config, scheduler: { ...(own.config.scheduler as object), ...one.schedulerConfig } } };
  const { strength = 1, steps } = one;
  const request = requestOf(one, steps - Math.min(steps, Math.max(1, Math.floor(steps * strength))));
  const { width, height } = one;
  if (one.pipeline === 'text-to-image') return drawText(model, { ...request, width, height });
  const picture = unpacked(one.image as Packed);
  if (one.pipeline === 'image-to-image') return redrawPicture(model, { ...request, picture, strength });
  return inpaintPicture(model, { ...request, picture, mask: unpacked(one.mask as Packed), strength });
}

const largest = (values: Float32Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const largestDifference = (a: Float32Array, b: Float32Array) =>
  a.length === b.length ? largest(a.map((value, i) => value - (b[i] as number))) : Number.POSITIVE_INFINITY;

const files = readdirSync(fixtures).filter((file) => file.endsWith('.cases.json'));

for (const file of files) {
  const name = basename(file, '.cases.json');
  describe(`a model built as ${name} reaches the latent that diffusers reaches from the same noise`, () => {
    const cases = JSON.parse(readFileSync(join(fixtures, file), 'utf8')) as Case[];
    const opened = new Map<string, Promise<OpenedModel>>();
    const open = ({ refiner }: Case) => {
      const key = JSON.stringify(refiner ?? null);
      const inside = refiner && { ...refiner, folder: join('..', refiner.folder) };
      const opening = opened.get(key) ?? openDiffusionFolder(join(fixtures, name), { threads: 1, refiner: inside });
      opened.set(key, opening);
      return opening;
    };
    afterAll(async () => {
      for (const opening of opened.values()) await (await opening).close();
    });

    test.each(cases.map((one) => [one.name, one] as const))('%s', async (_name, one) => {
      const { latent, picture } = await drawn(await open(one), one);
      const expected = unpacked(one.latent).data;
      const tolerance = one.tolerance ?? (name.endsWith('-fp16') ? halfTolerance * largest(expected) : defaultTolerance);
      expect(largestDifference(latent.data, expected)).toBeLessThan(tolerance);
      if (one.picture !== undefined) expect(largestDifference(picture.data, unpacked(one.picture).data)).toBeLessThan(tolerance);
    });
  });
}

test('every architecture that the documents name has its cases here', () => {
  for (const name of ['sd1', 'sd2-v', 'sd-turbo', 'lcm', 'sdxl', 'sdxl-refiner', 'inpaint-9', 'taesd', 'sd1-fp16'])
    expect(existsSync(join(fixtures, `${name}.cases.json`)), name).toBe(true);
});
