import { AtelierError } from '@atelier/protocol';
import { Strangers } from '../edges/strangers.ts';
import type { SocketGates } from '../route-table.ts';
import { identityHeaders } from '../upgrade.ts';
import type { OpenConnections } from './open-connections.ts';

/** What each policy of a WebSocket asks for before it is opened. */
export function createSocketGates(connections: OpenConnections): SocketGates {
  const strangers = new Strangers();
  return {
    async member({ request, socket }) {
      const { person, leave } = await connections.admit({ headers: identityHeaders(request), asked: 'member', cut: () => socket.destroy() });
      socket.once('close', leave);
      // It may have gone already.
      if (socket.destroyed) leave();
      return person;
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
