import type { Studio } from './studio.ts';

/** Somebody else who may sign in, with the password that {@link becomeOwner} takes: they accept an invitation of the owner's. */
export async function addMember(studio: Studio, member: { name: string; email: string }): Promise<void> {
  const { url } = await studio.client.api.invitations.create({ role: 'member' });
  const body = { ...member, code: new URL(url).hash.slice(1), password: 'a long enough password' };
  const answer = await fetch(`${studio.url}/api/join`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  if (answer.status !== 201) throw new Error(`${member.name} could not join: ${await answer.text()}`);
}
