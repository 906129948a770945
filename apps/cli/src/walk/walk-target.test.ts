import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { walkTarget } from './walk-target.ts';

test('the ending of --out says what is written', async () => {
  expect(await walkTarget('a/walk.gif')).toEqual({ kind: 'film', format: 'gif', path: 'a/walk.gif' });
  expect(await walkTarget('WALK.MP4')).toMatchObject({ kind: 'film', format: 'mp4' });
  expect(await walkTarget('walk.webp')).toMatchObject({ kind: 'film', format: 'webp' });
  expect(await walkTarget('walk.zip')).toEqual({ kind: 'zip', path: 'walk.zip' });
  expect(await walkTarget('frames')).toEqual({ kind: 'folder', path: 'frames' });
  expect(await walkTarget('frames.v2/')).toMatchObject({ kind: 'folder' });
});

test('a folder that is there is a folder, whatever its name', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'atelier-walk.avi'));
  expect(await walkTarget(folder)).toEqual({ kind: 'folder', path: folder });
  await rm(folder, { recursive: true });
});

test('another ending is refused with those that would do', async () => {
  await expect(walkTarget('walk.avi')).rejects.toMatchObject({ code: 'invalid-input', hint: expect.stringContaining('.gif, .mp4, .webp or .zip') });
});
