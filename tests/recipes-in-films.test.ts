import { encodeFilm, filmFormats, inspectMp4, type RgbPicture, readFrames } from '@atelier/media';
import type { RecipeDocument } from '@atelier/protocol';
import { applyEdits, embedRecipe, readRecipe, recipeEdits, recipeTail } from '@atelier/recipe';
import { expect, test } from 'vitest';

const recipe: RecipeDocument = {
  atelier: 1,
  chain: {
    name: 'walk',
    inputs: {},
    steps: [{ id: 'walk', task: 'latent-walk', parameters: { keyframes: [{ prompt: 'ein roter Apfel & ein <Schloß> 🍎' }] }, inputs: {} }],
  },
  inputs: {},
  modelHashes: {},
  result: { stepId: 'walk', port: 'frames', index: 0 },
};

const frames: RgbPicture[] = [10, 120, 230].map((level) => ({
  width: 48,
  height: 32,
  data: Uint8Array.from({ length: 48 * 32 * 3 }, (_, place) => (level + place) & 255),
}));

test.each(filmFormats)('a film as %s, of our own making, carries its recipe and plays as before', async (format) => {
  const { bytes, mediaType } = await encodeFilm(frames, { format, framesPerSecond: 10 });
  const carrying = embedRecipe(bytes, mediaType, recipe);
  expect(readRecipe(carrying)).toEqual(recipe);
  const edits = recipeEdits(bytes.subarray(0, 2048), bytes.length, mediaType, recipe);
  expect(edits && applyEdits(bytes, edits)).toEqual(carrying);
  if (format === 'mp4') {
    expect(inspectMp4(carrying)).toEqual(inspectMp4(bytes));
    expect(new Uint8Array(Buffer.concat([bytes, recipeTail(mediaType, recipe) as Uint8Array]))).toEqual(carrying);
  } else {
    expect(await readFrames(carrying)).toEqual(await readFrames(bytes));
  }
});
