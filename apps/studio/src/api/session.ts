import type { Joining, PasswordReset, Welcome } from '@atelier/protocol';
import { useQuery } from '@tanstack/react-query';
import { beforeEntering, leave } from '../kept/person.ts';
import { ask } from './ask.ts';
import { api, queries } from './client.ts';

async function post(path: string, body: unknown): Promise<void> {
  await ask(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
}

/** @throws AtelierError `unauthenticated` for a wrong address or password, `rate-limited` after many tries */
export async function signIn(email: string, password: string): Promise<void> {
  await post('/api/auth/sign-in/email', { email, password });
  beforeEntering();
  await queries.resetQueries();
}

/**
 * Signs out in all tabs of this browser, and shows the door.
 * @param keep what was begun and not run yet stays in this browser, for the same person alone
 */
export async function signOut(keep: boolean): Promise<void> {
  await post('/api/auth/sign-out', {});
  leave(keep);
}

/** Makes the first owner and signs them in. @throws AtelierError `token-used`, `token-expired`, `invalid-input` */
export async function makeFirstOwner(welcome: Welcome): Promise<void> {
  await post('/api/welcome', welcome);
  beforeEntering();
  await queries.resetQueries();
}

/** Accepts an invitation, and signs in. @throws AtelierError `token-used`, `token-expired`, `conflict` for an address that is taken */
export async function join(joining: Joining): Promise<void> {
  await post('/api/join', joining);
  beforeEntering();
  await queries.resetQueries();
}

/** Sets a new password by a link, and signs in. @throws AtelierError `token-used`, `token-expired` */
export async function takeNewPassword(reset: PasswordReset): Promise<void> {
  await post('/api/password-reset', reset);
  beforeEntering();
  await queries.resetQueries();
}

/** Who is signed in; an error of code `unauthenticated` if nobody is. */
export const useMe = () => useQuery(api.me.queryOptions({ staleTime: 60_000, refetchInterval: 60_000 }));
