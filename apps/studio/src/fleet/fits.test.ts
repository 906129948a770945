import type { EdgeView } from '@atelier/protocol';
import { expect, test } from 'vitest';
import { families, fitOn } from './fits.ts';

const machine = (modelMemoryBytes: number, diskFreeBytes: number) => ({ info: { modelMemoryBytes, diskFreeBytes, devices: [] } }) as unknown as EdgeView;

test('a model fits if both its memory and its files do, and what is short is told apart', () => {
  expect(fitOn(machine(8e9, 50e9), 4e9)).toBe('fits');
  expect(fitOn(machine(4e9, 50e9), 4e9)).toBe('no-memory');
  expect(fitOn(machine(4e9, 50e9), 4e9, 3e9)).toBe('fits');
  expect(fitOn(machine(8e9, 3e9), 4e9)).toBe('no-disk');
  expect(fitOn({ info: null }, 1)).toBeUndefined();
});

test('families stand from small to large, so that the last that fits is the best', () => {
  const sizes = families.map((family) => family.fileBytes);
  expect(sizes).toEqual([...sizes].sort((one, other) => one - other));
});
