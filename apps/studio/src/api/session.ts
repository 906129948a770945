import { AtelierError, type Welcome } from '@atelier/protocol';
import { useQuery } from '@tanstack/react-query';
import { api, queries } from './client.ts';

async function post(path: string, body: unknown): Promise<void> {
  const answer = await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
  if (answer.ok) return;
  const told = (await answer.json().catch(() => null)) as { code?: string; message?: string; hint?: string } | null;
  if (answer.status === 429) throw new AtelierError('rate-limited', 'Too many tries in a short time.', { hint: 'Wait a minute; then try again.' });
  if (answer.status >= 500 && !told?.message) throw new AtelierError('unavailable', 'The studio did not answer as it should.', { hint: 'Look at its log.' });
  const code = answer.status === 401 ? 'unauthenticated' : 'invalid-input';
  const known = AtelierError.from(told);
  throw known.code === 'internal' ? new AtelierError(code, told?.message ?? 'That was refused.', { hint: told?.hint }) : known;
}

/** @throws AtelierError `unauthenticated` for a wrong address or password, `rate-limited` after many tries */
export async function signIn(email: string, password: string): Promise<void> {
  await post('/api/auth/sign-in/email', { email, password });
  await queries.resetQueries();
}

export async function signOut(): Promise<void> {
  await post('/api/auth/sign-out', {});
  queries.clear();
}

/** Makes the first owner and signs them in. @throws AtelierError `token-used`, `token-expired`, `invalid-input` */
export async function makeFirstOwner(welcome: Welcome): Promise<void> {
  await post('/api/welcome', welcome);
  await queries.resetQueries();
}

/** Who is signed in; an error of code `unauthenticated` where nobody is. */
export const useMe = () => useQuery(api.me.queryOptions({ staleTime: 60_000 }));
