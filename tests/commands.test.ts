import { expect, test } from 'vitest';
import { Studio } from './support/studio.ts';

test('chains are saved, listed, renamed and deleted by name, and a name that a task has is told', async () => {
  await using studio = new Studio({ localEdge: false });
  await studio.start();
  const chain = (...words: string[]) => studio.cli(['chain', ...words]);
  expect((await chain()).out).toContain('No saved chains.');
  expect((await chain('save', 'Words', 'text-generation, text-to-image')).out).toContain('Saved. Run it: atelier run "Words"');
  const taken = await chain('save', 'Words', 'text-to-image');
  expect([taken.code, taken.error]).toEqual([expect.any(Number), expect.stringContaining('You have a saved chain "Words" already.')]);
  expect(taken.code).not.toBe(0);
  expect((await chain('save', 'Words', 'text-to-image', '--replace')).out).toContain('Replaced.');
  expect((await chain('rename', 'Words', 'Text to image')).out).toContain('runs the task of that name instead');
  expect((await chain('list')).out).toMatch(/Text to image +.*text-to-image/);
  expect((await chain('rm', 'Words')).error).toContain('You have no saved chain "Words".');
  expect((await chain('rm', 'Text to image')).out).toContain('Deleted "Text to image".');
});

test('a share of results that is computed twice is set, shown, and turned off', async () => {
  await using studio = new Studio({ localEdge: false });
  await studio.start();
  const checks = (...words: string[]) => studio.cli(['checks', ...words]);
  expect((await checks()).out).toContain('No result is computed twice.');
  expect((await checks('share', '5%')).out).toContain('5 % of results are computed twice');
  expect((await checks('list')).out).toContain('5 % of results are computed twice');
  for (const wrong of ['101', 'many', '1.2.3']) {
    const refused = await checks('share', wrong);
    expect([refused.code, refused.error], wrong).toEqual([expect.any(Number), expect.stringContaining(`"${wrong}" is no share.`)]);
    expect(refused.code, wrong).not.toBe(0);
  }
  expect((await checks('share', 'off')).out).toContain('No result is computed twice.');
  const nobody = await checks('dismiss', '0198a7a0-0000-7000-8000-000000000000');
  expect([nobody.code === 0, nobody.error]).toEqual([false, expect.stringMatching(/disagreement/)]);
});
