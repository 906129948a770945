import { readJson as readBoundedJson, readText } from '@atelier/bounded-body';
import { AtelierError, type ErrorCode, limits, Welcome } from '@atelier/protocol';
import type { Context } from 'hono';
import { remoteAddress } from '../rate-limit.ts';
import { readJson } from '../read-json.ts';
import type { RouteTable } from '../route-table.ts';
import type { Services } from '../services.ts';
import { type Accounts, clientAddressHeader } from './accounts.ts';
import { welcomeOwner } from './welcome.ts';

/** What of better-auth is reachable. Its other endpoints (sign-up, keys, account changes) stay closed. */
const forwarded = [
  ['public', 'POST', '/api/auth/sign-in/email'],
  ['public', 'POST', '/api/auth/sign-out'],
  ['public', 'GET', '/api/auth/get-session'],
  ['member', 'POST', '/api/auth/change-password'],
  ['member', 'GET', '/api/auth/list-sessions'],
  ['member', 'POST', '/api/auth/revoke-session'],
  ['member', 'POST', '/api/auth/revoke-other-sessions'],
] as const;

/** Sign-in and out, and the first owner's welcome. */
export function addAuthRoutes(routes: RouteTable, { accounts, database }: Services): void {
  for (const [policy, method, path] of forwarded) {
    routes.add(policy, method, path, (context) => forward(accounts, path, context));
  }
  routes.add('public', 'POST', '/api/welcome', async (context) => {
    const welcome = await readJson(context, Welcome);
    await welcomeOwner(accounts, database, welcome);
    const { email, password } = welcome;
    const signedIn = await accounts.api.signInEmail({ body: { email, password }, headers: context.req.raw.headers, asResponse: true });
    const headers = new Headers();
    for (const cookie of signedIn.headers.getSetCookie()) headers.append('set-cookie', cookie);
    return Response.json({ name: welcome.name, email: email.toLowerCase(), role: 'owner' }, { status: 201, headers });
  });
}

/** Better-auth reads the address by itself, so it is given the very path whose policy was checked. */
async function forward(accounts: Accounts, path: string, context: Context): Promise<Response> {
  const headers = new Headers(context.req.raw.headers);
  headers.set(clientAddressHeader, remoteAddress(context));
  const body = await readText(context.req.raw, limits.signInBytes);
  const { origin, search } = new URL(context.req.url);
  const address = `${origin}${path}${search}`;
  const answer = await accounts.handler(new Request(address, { method: context.req.method, headers, ...(body === '' ? {} : { body }) }));
  if (answer.ok || answer.status < 400) return answer;
  throw await asOurError(answer);
}

const codes: Readonly<Record<number, ErrorCode>> = { 401: 'unauthenticated', 403: 'forbidden', 404: 'not-found', 429: 'rate-limited' };

async function asOurError(answer: Response): Promise<AtelierError> {
  const { message } = (await readBoundedJson(answer, limits.jsonBytes).catch(() => ({}))) as { message?: string };
  const code = codes[answer.status] ?? (answer.status < 500 ? 'invalid-input' : 'internal');
  const hint = code === 'rate-limited' ? 'Wait a minute; then try again.' : undefined;
  return new AtelierError(code, message ?? 'That did not work.', { hint });
}
