import { expect, test } from 'vitest';
import { cameraNames, cameraView, viewPicture } from './camera.ts';

test.each(cameraNames)('the path of %s is periodic, starts smoothly and never leaves the picture', (camera) => {
  for (let step = 0; step < 48; step++) {
    const { scale, x, y } = cameraView(camera, (2 * Math.PI * step) / 48);
    const room = (1 - 1 / scale) / 2 + 1e-9;
    expect(Math.abs(x)).toBeLessThanOrEqual(room);
    expect(Math.abs(y)).toBeLessThanOrEqual(room);
  }
  const [start, end] = [cameraView(camera, 0), cameraView(camera, 2 * Math.PI)];
  for (const key of ['scale', 'x', 'y'] as const) expect(Math.abs(start[key] - end[key])).toBeLessThan(1e-9);
});

test('a pan to the right begins at the left and goes right, at rest where the loop closes', () => {
  const x = (camera: 'pan-left' | 'pan-right', angle: number) => cameraView(camera, angle).x;
  expect(x('pan-right', 0)).toBeLessThan(x('pan-right', 1));
  expect(x('pan-left', 0)).toBeGreaterThan(x('pan-left', 1));
  expect(Math.abs(x('pan-right', 0.1) - x('pan-right', 0))).toBeLessThan(0.1 * Math.abs(x('pan-right', 1.6) - x('pan-right', 1.5)));
});

const ramp = { width: 32, height: 16, data: Float32Array.from({ length: 32 * 16 }, (_, i) => (i % 32) / 32) };

test('the still view at the same size is the picture itself', () => {
  expect(viewPicture(ramp, { scale: 1, x: 0, y: 0 }, { width: 32, height: 16 }).data).toEqual(ramp.data);
});

test('a shift by a part of a pixel shifts a ramp by that part', () => {
  const shifted = viewPicture(ramp, { scale: 1, x: 0.4 / 32, y: 0 }, { width: 32, height: 16 });
  for (let x = 6; x < 26; x++) expect(shifted.data[8 * 32 + x]).toBeCloseTo((x + 0.4) / 32, 3);
});

test('an even picture stays even when it is enlarged, and planes do not mix', () => {
  const data = new Float32Array(3 * 64);
  for (const plane of [0, 1, 2]) data.fill(plane - 1, plane * 64, (plane + 1) * 64);
  const large = viewPicture({ width: 8, height: 8, data }, { scale: 1.1, x: 0.02, y: 0 }, { width: 20, height: 12 });
  expect(large.data).toHaveLength(3 * 240);
  for (const plane of [0, 1, 2]) for (let i = 0; i < 240; i++) expect(large.data[plane * 240 + i]).toBeCloseTo(plane - 1, 5);
});
