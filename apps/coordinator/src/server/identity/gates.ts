import { keyThumbprint, type OpenTransfers, ProofReader, presentedToken, type TicketSigner, verifyTicket } from '@atelier/artifacts';
import { AtelierError, type EdgeId, type Role } from '@atelier/protocol';
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { Core } from '../../core/index.ts';
import type { Gates } from '../route-table.ts';
import type { Authenticate } from './authenticate.ts';
import type { Caller } from './caller.ts';
import type { OpenConnections } from './open-connections.ts';
import type { OwnOrigins } from './own-origin.ts';

const changesNothing = ['GET', 'HEAD', 'OPTIONS'];

export interface GateOptions {
  readonly authenticate: Authenticate;
  readonly connections: OpenConnections;
  readonly origins: OwnOrigins;
  readonly tickets: TicketSigner;
  readonly transfers: OpenTransfers;
  readonly core: Pick<Core, 'edges'>;
}

/** What each policy asks for. */
export function createGates(options: GateOptions): Gates {
  const proofs = new ProofReader();
  const whoever = async (context: Context): Promise<Caller> => {
    const caller = await options.authenticate(context.req.raw.headers);
    if (caller.kind === 'person') checkOrigin(context, caller, options.origins);
    return caller;
  };
  const from = (asked: Role) => async (context: Context) => {
    const { raw } = context.req;
    const { incoming, outgoing } = context.env as HttpBindings;
    const cut = () => {
      // What is about to be answered is answered with a refusal; what streams in or out ends in the middle.
      if (outgoing.headersSent || !incoming.complete) outgoing.destroy();
      else options.connections.refuseLater(raw);
    };
    const { person, leave } = await options.connections.admit({ headers: raw.headers, asked, cut });
    // It may have gone while it was looked at.
    if (outgoing.closed) leave();
    else outgoing.once('close', leave);
    checkOrigin(context, person, options.origins);
    return person;
  };
  return {
    public: whoever,
    guest: from('guest'),
    member: from('member'),
    owner: from('owner'),
    async edge(context) {
      const caller = await whoever(context);
      if (caller.kind === 'stranger') throw caller.problem;
      if (caller.kind === 'person') throw new AtelierError('forbidden', 'This is for edges only.');
      const { publicKey } = await notRevoked(context, options, caller.edgeId);
      await proofs.check(context.req.header('dpop'), presented(context, caller.token), await keyThumbprint(publicKey));
      return caller;
    },
    async ticket(context) {
      const token = presentedToken(context.req.header('authorization'));
      if (token === null) {
        throw new AtelierError('unauthenticated', 'This needs a transfer ticket, and a proof of the key that it was given to.', {
          hint: 'Tickets come with work orders. Run the same release of Atelier on both machines.',
        });
      }
      const claims = await verifyTicket(options.tickets.publicJwk, token, { hash: context.req.param('hash') ?? '', from: 'coordinator' });
      await proofs.check(context.req.header('dpop'), presented(context, token), claims.cnf.jkt);
      await notRevoked(context, options, claims.to as EdgeId);
      return undefined;
    },
  };
}

const presented = (context: Context, token: string) => ({ method: context.req.method, url: context.req.url, token });

/** Lets an edge in that is not revoked, until it is: what it sends or receives by this request is cut then. */
async function notRevoked(context: Context, { core, transfers }: GateOptions, edgeId: EdgeId) {
  const { outgoing } = context.env as HttpBindings;
  const leave = transfers.enter(edgeId, () => outgoing.destroy());
  // It may have gone while it was looked at.
  if (outgoing.closed) leave();
  else outgoing.once('close', leave);
  // After it is known as open, so that none slips through in between.
  const identity = await core.edges.identity(edgeId);
  if (identity) return identity;
  throw new AtelierError('forbidden', 'This edge was revoked.', { hint: 'Join again with a new token.' });
}

/** A cookie is sent by any page that asks for it, so a change must come from a page of ours. Browsers always name their page on changes. */
function checkOrigin(context: Context, caller: Extract<Caller, { kind: 'person' }>, origins: OwnOrigins): void {
  if (caller.by !== 'session' || changesNothing.includes(context.req.method)) return;
  const origin = context.req.header('origin');
  if (origin !== undefined && origins.isOwn(origin, context.req.header('host'))) return;
  throw new AtelierError('forbidden', 'A page of another site may not do this in your name.', {
    hint: 'Use the studio itself, or an API token; behind a proxy, start with --origin and its address.',
  });
}
