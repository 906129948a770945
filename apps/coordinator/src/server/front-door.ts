import { AtelierError } from '@atelier/protocol';
import type { Logger } from '../core/index.ts';
import { asAnswer, errorResponse } from './api/answer-error.ts';
import type { App } from './app.ts';
import type { FrontDoor } from './http-server.ts';
import type { OwnOrigins } from './identity/own-origin.ts';
import { refuseUpgrade, type Upgrade } from './upgrade.ts';

const starting = () => new AtelierError('starting', 'Atelier is starting.', { hint: 'Try again in a few seconds.' });

/** While everything behind it starts: alive, but nothing else. */
export const closedDoor: FrontDoor = {
  fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === '/livez') return Response.json({ live: true });
    if (pathname === '/healthz') return Response.json({ ready: false, missing: ['start'] }, { status: 503 });
    const response = errorResponse(starting());
    response.headers.set('retry-after', '2');
    return response;
  },
  upgrade(_request, socket) {
    socket.on('error', () => socket.destroy());
    refuseUpgrade(socket, starting());
  },
};

/** Requests go to the app, and upgrades to its sockets, each behind the gate of its policy. */
export function frontDoor(app: App, origins: OwnOrigins, log: Logger): FrontDoor {
  return {
    fetch: app.fetch,
    upgrade(request, socket, head) {
      socket.on('error', () => socket.destroy());
      open(app, origins, { request, socket, head }).catch((thrown: unknown) => {
        const error = asAnswer(thrown);
        if (error.code === 'internal') log.error({ err: error.cause ?? error }, 'A WebSocket could not be opened.');
        refuseUpgrade(socket, error);
      });
    },
  };
}

async function open(app: App, origins: OwnOrigins, upgrade: Upgrade): Promise<void> {
  const { host, origin } = upgrade.request.headers;
  origins.checkHost(host);
  // Edges send no Origin; a browser always does, and only our own pages may open sockets.
  if (origin !== undefined && !origins.isOwn(origin, host)) throw new AtelierError('forbidden', 'A page of another site may not open a WebSocket here.');
  const path = pathOf(upgrade.request.url);
  if (path === undefined) throw new AtelierError('invalid-input', 'The target of the request is no address.');
  await app.openSocket(path, upgrade);
}

/** The path of a request's target; undefined for one that is no address, such as `//` or `*`. */
function pathOf(target = '/'): string | undefined {
  return URL.parse(target, 'http://localhost')?.pathname;
}
