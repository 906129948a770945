import { type TicketSigner, verifyTicket } from '@atelier/artifacts';
import { AtelierError } from '@atelier/protocol';
import type { Context } from 'hono';
import type { Gates } from '../route-table.ts';
import { type Authenticate, bearerToken } from './authenticate.ts';
import type { Caller, Person } from './caller.ts';
import type { OwnOrigins } from './own-origin.ts';

const changesNothing = ['GET', 'HEAD', 'OPTIONS'];

/** What each policy asks for. */
export function createGates(options: { authenticate: Authenticate; origins: OwnOrigins; tickets: TicketSigner }): Gates {
  const whoever = async (context: Context): Promise<Caller> => {
    const caller = await options.authenticate(context.req.raw.headers);
    if (caller.kind === 'person') checkOrigin(context, caller, options.origins);
    return caller;
  };
  const member = async (context: Context): Promise<Person> => {
    const caller = await whoever(context);
    if (caller.kind === 'person') return caller;
    if (caller.kind === 'stranger') throw caller.problem;
    throw new AtelierError('forbidden', 'This is for people; an edge may not do it.');
  };
  return {
    public: whoever,
    member,
    async owner(context) {
      const caller = await member(context);
      if (caller.role === 'owner') return caller;
      throw new AtelierError('forbidden', 'Only an owner may do this.', { hint: 'Ask an owner of this installation.' });
    },
    async edge(context) {
      const caller = await whoever(context);
      if (caller.kind === 'edge') return caller;
      if (caller.kind === 'stranger') throw caller.problem;
      throw new AtelierError('forbidden', 'This is for edges only.');
    },
    async ticket(context) {
      const token = bearerToken(context.req.raw.headers);
      if (token === null) throw new AtelierError('unauthenticated', 'This needs a transfer ticket.');
      await verifyTicket(options.tickets.publicJwk, token, { hash: context.req.param('hash') ?? '', from: 'coordinator' });
      return undefined;
    },
  };
}

/** A cookie is sent by any page that asks for it, so a change must come from a page of ours. Browsers always name their page on changes. */
function checkOrigin(context: Context, caller: Person, origins: OwnOrigins): void {
  if (caller.by !== 'session' || changesNothing.includes(context.req.method)) return;
  const origin = context.req.header('origin');
  if (origin !== undefined && origins.isOwn(origin, context.req.header('host'))) return;
  throw new AtelierError('forbidden', 'A page of another site may not do this in your name.', {
    hint: 'Use the studio itself, or an API token; behind a proxy, start with --origin and its address.',
  });
}
