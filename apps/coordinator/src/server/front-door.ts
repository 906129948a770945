import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { AtelierError, watchSocketPath } from '@atelier/protocol';
import { errorResponse } from './api/answer-error.ts';
import type { WatchSockets } from './api/watch-sockets.ts';
import type { App } from './app.ts';
import { type EdgeSockets, edgeSocketPath } from './edges/edge-sockets.ts';
import type { FrontDoor } from './http-server.ts';
import type { OwnOrigins } from './identity/own-origin.ts';

/** While everything behind it starts: alive, but nothing else. */
export const closedDoor: FrontDoor = {
  fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === '/livez') return Response.json({ live: true });
    if (pathname === '/healthz') return Response.json({ ready: false, missing: ['start'] }, { status: 503 });
    const error = new AtelierError('starting', 'Atelier is starting.', { hint: 'Try again in a few seconds.' });
    const response = errorResponse(error);
    response.headers.set('retry-after', '2');
    return response;
  },
  upgrade: (_request, socket) => refuse(socket, 503, 'Service Unavailable'),
};

/** Requests go to the app, upgrades to the sockets of edges and of pages that watch. */
export function frontDoor(app: App, sockets: { edges: EdgeSockets; watchers: WatchSockets }, origins: OwnOrigins): FrontDoor {
  const upgrades = new Map<string, Pick<EdgeSockets, 'upgrade'>>([
    [edgeSocketPath, sockets.edges],
    [watchSocketPath, sockets.watchers],
  ]);
  return {
    fetch: app.fetch,
    upgrade(request: IncomingMessage, socket: Duplex, head: Buffer) {
      const { host, origin } = request.headers;
      try {
        origins.checkHost(host);
      } catch {
        return refuse(socket, 403, 'Forbidden');
      }
      // Edges send no Origin; a browser always does, and only our own pages may open sockets.
      if (origin !== undefined && !origins.isOwn(origin, host)) return refuse(socket, 403, 'Forbidden');
      const path = pathOf(request.url);
      if (path === undefined) return refuse(socket, 400, 'Bad Request');
      const target = upgrades.get(path);
      if (!target) return refuse(socket, 404, 'Not Found');
      target.upgrade(request, socket, head);
    },
  };
}

/** The path of a request's target; undefined for one that is no address, such as `//` or `*`. */
function pathOf(target = '/'): string | undefined {
  return URL.parse(target, 'http://localhost')?.pathname;
}

function refuse(socket: Duplex, status: number, reason: string): void {
  socket.on('error', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
