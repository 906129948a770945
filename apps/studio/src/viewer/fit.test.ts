import { expect, test } from 'vitest';
import { fitOf } from './fit.ts';

test('a small image is enlarged by a whole number and stands in the middle', () => {
  expect(fitOf({ width: 128, height: 64 }, { width: 800, height: 600 })).toEqual({ width: 768, height: 384, scale: 6, left: 16, top: 108, most: 8 });
});

test('a large one is made to fit, and can be enlarged until its pixels are seen', () => {
  const fit = fitOf({ width: 8000, height: 2000 }, { width: 400, height: 600 });
  expect([fit.width, fit.height, fit.left, fit.top]).toEqual([400, 100, 0, 250]);
  expect(fit.scale * fit.most).toBe(16);
});
