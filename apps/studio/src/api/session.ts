import { asAtelierError } from '@atelier/client';
import { AtelierError, type Welcome } from '@atelier/protocol';
import { useQuery } from '@tanstack/react-query';
import { api, queries } from './client.ts';

async function post(path: string, body: unknown): Promise<void> {
  const request = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
  const answer = await fetch(path, request).catch((thrown: unknown) => {
    throw asAtelierError(thrown);
  });
  if (answer.ok) return;
  const told = (await answer.json().catch(() => null)) as { error?: unknown; message?: string } | null;
  throw told?.error
    ? AtelierError.from(told.error)
    : new AtelierError(answer.status === 401 ? 'unauthenticated' : 'internal', told?.message ?? 'The studio did not answer as it should.');
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
