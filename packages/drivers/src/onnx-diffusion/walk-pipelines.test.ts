import { join } from 'node:path';
import { drawText, drawWalkFrame, floatTensor, seededNormals, type WalkFrameRequest, WalkMemory } from '@atelier/diffusion';
import { describe, expect, test } from 'vitest';
import { openDiffusionFolder } from './model-folder.ts';

/** Small random models of each architecture, the same that diffusers' pipelines are compared on. */
const fixtures = join(import.meta.dirname, '../../fixtures/pipelines');

const cases = [
  ['sd1', 'ddim'],
  ['sd1', 'euler-ancestral'],
  ['sd1', 'dpmpp-2m'],
  ['sd2-v', 'auto'],
  ['lcm', 'auto'],
  ['sdxl', 'auto'],
  ['inpaint-9', 'auto'],
] as const;

const largest = (a: Float32Array, b: Float32Array) => a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);

describe.each(cases)('a walk on a model like %s, drawn by %s', (name, scheduler) => {
  const drawing = { negativePrompt: 'grey', steps: 4, guidanceScale: 3, scheduler, textPath: 'slerp' } as const;
  const red = { prompt: 'a red apple', seed: 5 };
  const green = { prompt: 'a green pear', seed: 6 };

  async function withModel(work: (model: Awaited<ReturnType<typeof openDiffusionFolder>>['model']) => Promise<void>): Promise<void> {
    const { model, close } = await openDiffusionFolder(join(fixtures, name), { threads: 1 });
    try {
      await work(model);
    } finally {
      await close();
    }
  }

  test('the frame of a prompt keyframe is the picture that text-to-image draws', () =>
    withModel(async (model) => {
      const { latent } = await drawText(model, { ...drawing, ...red });
      const frame = await drawWalkFrame(model, new WalkMemory(), { ...drawing, from: red, to: green, share: 0 });
      expect(frame.latent.data).toEqual(latent.data);
    }));

  test('its frames come to a prompt and to a picture, and leave them, without a jump', () =>
    withModel(async (model) => {
      const own = (await drawText(model, { ...drawing, ...red })).picture.shape;
      const pixels = floatTensor(
        own,
        seededNormals(
          3,
          0,
          own.reduce((product, side) => product * side, 1),
        ).map(Math.tanh),
      );
      const picture = { prompt: '', seed: 5, picture: { key: 'noise', pixels } };
      const memory = new WalkMemory();
      const latentAt = async (request: Pick<WalkFrameRequest, 'from' | 'to' | 'share'>) =>
        (await drawWalkFrame(model, memory, { ...drawing, ...request })).latent.data;
      for (const [before, at, after] of [
        [picture, red, green],
        [green, picture, red],
      ] as const) {
        const middle = await latentAt({ from: at, to: after, share: 0 });
        const size = Math.max(...middle.map(Math.abs));
        const coming = async (distance: number) => largest(await latentAt({ from: before, to: at, share: 1 - distance }), middle) / size;
        const leaving = async (distance: number) => largest(await latentAt({ from: at, to: after, share: distance }), middle) / size;
        for (const apart of [coming, leaving]) {
          const [near, nearer] = [await apart(1e-4), await apart(1e-5)];
          expect(nearer).toBeLessThan(0.01);
          expect(nearer, 'ten times as near is about ten times as like').toBeLessThan(0.3 * near);
        }
      }
    }));
});
