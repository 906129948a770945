import { networkInterfaces } from 'node:os';
import { limits, type SecretLink } from '@atelier/protocol';
import { dialledUrl } from '../dialled-url.ts';
import { listTokens, makeToken, revokeToken } from '../identity/api-tokens.ts';
import { invitationOffer, invite, listInvitations, revokeInvitation } from '../identity/invitations.ts';
import { type JoinAddress, joinAddress } from '../identity/join-address.ts';
import { renamePerson } from '../identity/new-person.ts';
import { changePassword, makeReset, resetOffer } from '../identity/passwords.ts';
import { endSession, endSessions, listSessions } from '../identity/sessions.ts';
import { rateLimit } from '../rate-limit.ts';
import type { Services } from '../services.ts';
import type { ApiContext, Implementer } from './implementer.ts';

/** One's own account and tokens, all people, and invitations. */
export function peopleProcedures(os: Implementer, services: Services) {
  return {
    account: accountProcedures(os, services),
    tokens: tokenProcedures(os, services),
    people: managementProcedures(os, services),
    invitations: invitationProcedures(os, services),
  };
}

/** Where another machine reaches this studio, for links and commands. */
export function reachedAt({ listens, origins, url }: Services, headers: Headers): JoinAddress {
  return joinAddress({ asked: dialledUrl(headers, url), ...listens, origins: origins.extra, interfaces: networkInterfaces() });
}

function accountProcedures(os: Implementer, services: Services) {
  const { database, connections } = services;
  const tries = rateLimit(limits.passwordTriesPerMinute, 60_000);
  /** Ends what the caller has open elsewhere, and is not let in any more. */
  const look = ({ person, headers }: ApiContext) => connections.look(person.id, headers);
  return {
    rename: os.account.rename.handler(async ({ input, context: { person } }) => {
      await renamePerson(database, person.id, input.name);
      return { id: person.id, name: input.name, email: person.email, role: person.role };
    }),
    password: os.account.password.handler(async ({ input, context }) => {
      tries.take(context.person.id);
      const ended = await changePassword(services, context.person, input);
      await look(context);
      return { ended };
    }),
    sessions: os.account.sessions.handler(({ context: { person } }) => listSessions(database.db, person.id, person)),
    endSession: os.account.endSession.handler(async ({ input, context }) => {
      await endSession(database.db, context.person.id, input.id);
      await look(context);
      return { id: input.id };
    }),
    endOtherSessions: os.account.endOtherSessions.handler(async ({ context }) => {
      const ended = await endSessions(database.db, context.person.id, context.person.session?.id);
      await look(context);
      return { ended };
    }),
  };
}

function tokenProcedures(os: Implementer, services: Services) {
  const { database, connections } = services;
  return {
    list: os.tokens.list.handler(({ context }) => listTokens(database, context.person.id)),
    create: os.tokens.create.handler(({ input, context }) => makeToken(services, context.person, input)),
    revoke: os.tokens.revoke.handler(async ({ input, context }) => {
      await revokeToken(database, context.person.id, input.id);
      await connections.look(context.person.id, context.headers);
      return { id: input.id };
    }),
  };
}

function managementProcedures(os: Implementer, services: Services) {
  const { core, database, connections, purging } = services;
  return {
    list: os.people.list.handler(() => core.people.list()),
    change: os.people.change.handler(async ({ input, context }) => {
      const changed = await core.people.change(input);
      await connections.look(input.id, context.headers);
      return changed;
    }),
    sessions: os.people.sessions.handler(({ input, context }) => listSessions(database.db, input.id, context.person)),
    endSession: os.people.endSession.handler(async ({ input, context }) => {
      await endSession(database.db, input.id, input.sessionId);
      await connections.look(input.id, context.headers);
      return { id: input.sessionId };
    }),
    endSessions: os.people.endSessions.handler(async ({ input, context }) => {
      const ended = await endSessions(database.db, input.id);
      await connections.look(input.id, context.headers);
      return { ended };
    }),
    resetLink: os.people.resetLink.handler(async ({ input, context }) =>
      linkTo(services, context, '/new-password', await makeReset(database, context.person, input)),
    ),
    remove: os.people.remove.handler(async ({ input, context }) => {
      const removed = await core.people.remove(context.person.id, input, () => connections.look(input.id, context.headers));
      if (input.things.kind === 'delete') purging.begin();
      return removed;
    }),
    resetOffer: os.people.resetOffer.handler(({ input }) => resetOffer(database, input.code)),
  };
}

function invitationProcedures(os: Implementer, services: Services) {
  const { database } = services;
  return {
    list: os.invitations.list.handler(() => listInvitations(database)),
    create: os.invitations.create.handler(async ({ input, context }) => {
      const { token, view } = await invite(database, context.person, input);
      return { ...view, ...linkTo(services, context, '/join', { token, expiresAt: new Date(view.expiresAt) }) };
    }),
    revoke: os.invitations.revoke.handler(async ({ input }) => {
      await revokeInvitation(database, input.id);
      return { id: input.id };
    }),
    offer: os.invitations.offer.handler(({ input }) => invitationOffer(database, input.code)),
  };
}

/** The code stands behind the hash, so that no proxy and no log sees it, and no page tells it to another. */
function linkTo(services: Services, { headers }: ApiContext, path: string, { token, expiresAt }: { token: string; expiresAt: Date }): SecretLink {
  const address = reachedAt(services, headers);
  const [url, ...otherUrls] = [address.url, ...address.others].map((origin) => `${origin}${path}#${token}`);
  return { url: url as string, expiresAt: expiresAt.toISOString(), reach: address.reach, otherUrls };
}
