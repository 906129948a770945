import { encodePng, encodeTransparentPng, readPicture } from '@atelier/media';
import { expect, test } from 'vitest';
import { editMask } from './edit-mask.ts';

const size = { width: 8, height: 4 };
const grey = { ...size, data: new Uint8Array(96).fill(128) };
/** Transparent in its left half. */
const hole = Uint8Array.from({ length: 32 }, (_, pixel) => (pixel % 8 < 4 ? 0 : 255));

async function drawnPixels(mask: Uint8Array | undefined): Promise<number[]> {
  const { data } = await readPicture(mask ?? new Uint8Array());
  return Array.from({ length: 8 }, (_, x) => data[3 * x] as number);
}

test('what is transparent in the mask is drawn again, whatever its colours and its border', async () => {
  const mask = await encodeTransparentPng(grey, hole);
  expect(await drawnPixels(await editMask(await encodePng(grey), mask))).toEqual([255, 255, 255, 255, 0, 0, 0, 0]);
});

test('without a mask a hole in the picture itself is drawn again, and without a hole all of it', async () => {
  expect(await drawnPixels(await editMask(await encodeTransparentPng(grey, hole), undefined))).toEqual([255, 255, 255, 255, 0, 0, 0, 0]);
  expect(await editMask(await encodePng(grey), undefined)).toBeUndefined();
});

test('a mask of another size is refused', async () => {
  const other = await encodePng({ width: 4, height: 4, data: new Uint8Array(48) });
  await expect(editMask(await encodePng(grey), other)).rejects.toMatchObject({ code: 'invalid-input', message: expect.stringContaining('4 x 4') });
});
