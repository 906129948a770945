import { readJson as readBoundedJson, readText } from '@atelier/bounded-body';
import { AtelierError, type ErrorCode, Joining, limits, PasswordReset, Welcome } from '@atelier/protocol';
import type { Context } from 'hono';
import { rateLimit, remoteAddress } from '../rate-limit.ts';
import { readJson } from '../read-json.ts';
import type { RouteTable } from '../route-table.ts';
import type { Services } from '../services.ts';
import { type Accounts, clientAddressHeader } from './accounts.ts';
import { acceptInvitation } from './invitations.ts';
import { houseTokenHash } from './local-owner.ts';
import { personOfEmail } from './new-person.ts';
import { resetPassword } from './passwords.ts';
import { welcomeOwner } from './welcome.ts';

/** What of better-auth is reachable. Its other endpoints (sign-up, keys, account changes) stay closed: sessions and passwords are procedures of the contract. */
const forwarded = [
  ['POST', '/api/auth/sign-in/email'],
  ['POST', '/api/auth/sign-out'],
  ['GET', '/api/auth/get-session'],
] as const;

/** Sign-in and out, and the links that let somebody in: the first owner's welcome, an invitation, a new password. */
export function addAuthRoutes(routes: RouteTable, services: Services): void {
  const { accounts, database, connections, dataFolder } = services;
  for (const [method, path] of forwarded) routes.add('public', method, path, (context) => forward(accounts, path, context));
  const tries = rateLimit(limits.doorTriesPerMinute, 60_000);
  routes.add('public', 'POST', '/api/welcome', async (context) => {
    tries.take(remoteAddress(context));
    const welcome = await readJson(context, Welcome);
    await welcomeOwner(accounts, database, welcome);
    return signedIn(services, context, welcome);
  });
  routes.add('public', 'POST', '/api/join', async (context) => {
    tries.take(remoteAddress(context));
    const joining = await readJson(context, Joining);
    await acceptInvitation(services, joining);
    return signedIn(services, context, joining);
  });
  routes.add('public', 'POST', '/api/password-reset', async (context) => {
    tries.take(remoteAddress(context));
    const reset = await readJson(context, PasswordReset);
    const { id, email } = await resetPassword(services, reset, await houseTokenHash(dataFolder));
    await connections.look(id);
    return signedIn(services, context, { email, password: reset.password });
  });
}

/** Answers with the session of somebody who has just been given a password. */
async function signedIn({ accounts, database }: Services, context: Context, { email, password }: { email: string; password: string }): Promise<Response> {
  const answer = await accounts.api.signInEmail({ body: { email, password }, headers: withAddress(context), asResponse: true });
  const headers = new Headers();
  for (const cookie of answer.headers.getSetCookie()) headers.append('set-cookie', cookie);
  const { id, name, role } = await personOfEmail(database, email);
  return Response.json({ id, name, email: email.toLowerCase(), role }, { status: 201, headers });
}

function withAddress(context: Context): Headers {
  const headers = new Headers(context.req.raw.headers);
  headers.set(clientAddressHeader, remoteAddress(context));
  return headers;
}

/** Better-auth reads the address by itself, so it is given the very path whose policy was checked. */
async function forward(accounts: Accounts, path: string, context: Context): Promise<Response> {
  const headers = withAddress(context);
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
