import { AtelierError } from '@atelier/protocol';
import { Strangers } from '../edges/strangers.ts';
import type { SocketGates } from '../route-table.ts';
import { identityHeaders } from '../upgrade.ts';
import type { Authenticate } from './authenticate.ts';

/** What each policy of a WebSocket asks for before it is opened. */
export function createSocketGates(authenticate: Authenticate): SocketGates {
  const strangers = new Strangers();
  return {
    async member({ request }) {
      const caller = await authenticate(identityHeaders(request));
      if (caller.kind === 'person') return caller;
      if (caller.kind === 'stranger') throw caller.problem;
      throw new AtelierError('forbidden', 'This is for people; an edge may not do it.');
    },
    async 'edge-key'({ request, socket }) {
      const leave = strangers.enter(request.socket.remoteAddress ?? 'unknown');
      if (!leave) throw new AtelierError('unavailable', 'Too many connections wait to show which edge they are.', { hint: 'Edges try again by themselves.' });
      socket.once('close', leave);
      // It may have gone already.
      if (socket.destroyed) leave();
      return leave;
    },
  };
}
