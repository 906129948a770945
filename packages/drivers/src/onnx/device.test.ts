import { expect, test } from 'vitest';
import { chooseDevice, describeDevice, problemWith } from './device.ts';

test('without a word from anybody models run on the CPU, which gives every edge the same bytes', async () => {
  expect(await chooseDevice(undefined, {})).toMatchObject({ device: 'cpu' });
});

test("the owner's word counts more than the manifest's", async () => {
  expect(await chooseDevice('webgpu', { ATELIER_DEVICE: 'cpu' })).toMatchObject({ device: 'cpu', reason: expect.stringContaining('asked for') });
});

test('auto takes the fastest device that works, and the CPU always does', async () => {
  const working = [];
  for (const device of ['cuda', 'webgpu', 'cpu'] as const) if ((await problemWith(device)) === undefined) working.push(device);
  expect(await chooseDevice('auto', {})).toMatchObject({ device: working[0] });
  expect(working).toContain('cpu');
});

test('a device that is asked for by name and does not work is refused with the reason', async () => {
  for (const device of ['cuda', 'webgpu'] as const) {
    const problem = await problemWith(device);
    const chosen = chooseDevice(device, {});
    if (problem === undefined) expect(await chosen).toMatchObject({ device });
    else await expect(chosen).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining(problem) });
  }
});

test('a device that nobody knows is refused with the names of those that are known', async () => {
  await expect(chooseDevice(undefined, { ATELIER_DEVICE: 'quantum' })).rejects.toMatchObject({
    code: 'invalid-input',
    hint: expect.stringContaining('webgpu'),
  });
});

test('what is said of the device names each faster one and what is wrong with it', async () => {
  const { device, reason } = await describeDevice({});
  expect(device).toBe('cpu');
  expect(reason).toMatch(/cuda: \S.*webgpu: \S/);
});
