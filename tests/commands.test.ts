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

test('people are invited, given a role and bounds, and removed only with --yes', async () => {
  await using studio = new Studio({ localEdge: false });
  await studio.start();
  const people = (...words: string[]) => studio.cli(['people', ...words]);
  const join = async (role: string, name: string) => {
    const { out } = await people('invite', '--role', role, '--days', '1', '--note', `for ${name}`, '--json');
    const code = new URL(JSON.parse(out).url).hash.slice(1);
    const body = { code, name, email: `${name.toLowerCase()}@example.test`, password: 'a long enough password' };
    const answer = await fetch(`${studio.url}/api/join`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    expect(answer.status).toBe(201);
  };
  expect((await people()).out).toContain('Nobody yet.');
  await join('owner', 'Ada');
  await join('member', 'Bob');
  // The command line of this machine works as the first owner from then on.
  expect((await people()).out).toMatch(/Ada +ada@example\.test +owner[\s\S]*Bob +bob@example\.test +member/);
  expect((await people('role', 'bob', 'guest')).out).toContain('Bob is a guest now.');
  expect((await people('role', 'Ada', 'member')).error).toContain('Ada is the only owner of this studio.');
  expect((await people('role', 'bob', 'root')).error).toContain('Roles are: guest, member, owner.');
  expect((await people('role', 'eve', 'guest')).error).toContain('There is nobody "eve".');
  expect((await people('limits', 'bob', '--open-runs', '3', '--uploads', '2GB')).out).toMatch(/0 of 3\.[\s\S]*of 2(\.0)? GB\./);
  expect((await people('limits', 'bob', '--open-runs', 'default')).out).toContain("1000 (the studio's)");
  expect((await people('sessions', 'bob')).out).toMatch(/node|undici|say/i);
  expect((await people('end-sessions', 'bob')).out).toContain('Ended: 1 session of Bob.');
  expect((await people('reset', 'bob@example.test')).out).toContain(`${studio.url}/new-password#`);
  const { out } = await people('invite', '--json');
  expect((await people('invitations')).out).toContain(JSON.parse(out).id);
  expect((await people('invitations', '--revoke', JSON.parse(out).id)).out).toContain('Revoked.');
  expect((await people('invitations')).out).toContain('No open invitations.');
  const asked = await people('remove', 'bob', '--delete');
  expect([asked.code, asked.error]).toEqual([2, expect.stringContaining('Nothing was done.')]);
  expect((await people('remove', 'bob', '--delete', '--hand-over-to', 'ada', '--yes')).error).toContain('either handed over or deleted');
  expect((await people('remove', 'bob', '--yes')).out).toContain('Bob is removed. Handed over to Ada: runs 0, items 0, saved chains 0.');
  expect((await people()).out).not.toContain('Bob');
});
