import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultDataFolder } from '@atelier/coordinator';
import { expect, test } from 'vitest';
import { dataFolder, findStudio } from './studio.ts';

test('the data folder is the one that the coordinator takes', () => {
  for (const environment of [{}, { ATELIER_DATA: 'here' }, { XDG_DATA_HOME: '/data' }])
    expect(dataFolder({}, environment)).toBe(defaultDataFolder(environment));
});

test('a studio is found by --data, by --port and by the environment, in this order', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'atelier-studio-'));
  const environment = { ATELIER_URL: 'http://elsewhere', ATELIER_TOKEN: 'theirs' };
  try {
    await expect(findStudio({ data: folder }, environment)).rejects.toMatchObject({ code: 'unavailable', hint: expect.stringContaining('npx atelier start') });
    await writeFile(join(folder, 'coordinator.json'), JSON.stringify({ pid: 1, url: 'http://here', startedAt: '' }));
    await writeFile(join(folder, 'owner.token'), 'ours\n');
    expect(await findStudio({ data: folder }, environment)).toEqual({ url: 'http://here', token: 'ours' });
    expect(await findStudio({ port: '4800', data: folder }, environment)).toEqual({ url: 'http://127.0.0.1:4800', token: 'ours' });
    expect(await findStudio({}, environment)).toEqual({ url: 'http://elsewhere', token: 'theirs' });
  } finally {
    await rm(folder, { recursive: true });
  }
});
