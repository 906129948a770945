import { AtelierError, type Policy } from '@atelier/protocol';
import type { Context, Hono } from 'hono';
import type { Caller, EdgeCaller, Person } from './identity/caller.ts';
import type { Upgrade } from './upgrade.ts';

/** Who may use a route: `edge` needs the token of an edge's open socket, `ticket` a signed transfer ticket for the bytes it names; both with a proof of the edge's key. */
export type RoutePolicy = Policy | 'edge' | 'ticket';

/** Who may open a WebSocket: a member, or somebody who then has to prove at once which edge they are (`edge-key`). */
export type SocketPolicy = 'member' | 'edge-key';

export interface RouteInfo {
  readonly method: string;
  readonly path: string;
  readonly policy: RoutePolicy | SocketPolicy;
  /** A WebSocket, not a request. */
  readonly socket: boolean;
}

/** What a handler is told of its caller, by policy. */
interface Admitted {
  public: Caller;
  guest: Person;
  member: Person;
  owner: Person;
  edge: EdgeCaller;
  ticket: undefined;
}

type Handler<P extends RoutePolicy> = (context: Context, caller: Admitted[P]) => Response | Promise<Response>;

/** Lets a caller in or throws; one for each policy. */
export type Gates = { readonly [P in RoutePolicy]: (context: Context) => Promise<Admitted[P]> };

/** What is told of whoever opens a WebSocket, by policy. Of a stranger: what ends their being one. */
interface SocketAdmitted {
  member: Person;
  'edge-key': () => void;
}

type SocketHandler<P extends SocketPolicy> = (upgrade: Upgrade, caller: SocketAdmitted[P]) => void;

/** Lets a WebSocket be opened or throws; one for each policy. */
export type SocketGates = { readonly [P in SocketPolicy]: (upgrade: Upgrade) => Promise<SocketAdmitted[P]> };

/** Every way in over HTTP and WebSocket, with its policy. Nothing may be put on the app, and no upgrade is answered, but through here. */
export interface RouteTable {
  /**
   * @param answerError how this route writes errors, where it follows another's form
   * @param arrived is called before the gate, in the order in which requests come; what it returns, when the answer is made
   */
  add<P extends RoutePolicy>(
    policy: P,
    method: string,
    path: string,
    handler: Handler<P>,
    answerError?: (thrown: unknown) => Response,
    arrived?: (context: Context) => () => void,
  ): void;
  addSocket<P extends SocketPolicy>(policy: P, path: string, handler: SocketHandler<P>): void;
  /** Opens the WebSocket of a path. @throws AtelierError `not-found`; what the gate of its policy throws */
  open(path: string, upgrade: Upgrade): Promise<void>;
  list(): RouteInfo[];
}

/**
 * A table that registers routes on the app behind the gate of their policy.
 * @throws AtelierError `internal` on `add` without a known policy, so that the server does not start
 */
export function createRouteTable(app: Hono, gates: Gates, socketGates: SocketGates): RouteTable {
  const routes: RouteInfo[] = [];
  const sockets = new Map<string, (upgrade: Upgrade) => Promise<void>>();
  const note = (known: object, route: RouteInfo): void => {
    if (!Object.hasOwn(known, route.policy ?? '')) throw new AtelierError('internal', `${route.method} ${route.path} has no policy.`);
    routes.push(route);
  };
  return {
    addSocket(policy, path, handler) {
      note(socketGates, { policy, method: 'GET', path, socket: true });
      sockets.set(path, async (upgrade) => {
        const caller = await socketGates[policy](upgrade);
        if (!upgrade.socket.destroyed) handler(upgrade, caller);
      });
    },
    async open(path, upgrade) {
      const open = sockets.get(path);
      if (!open) throw new AtelierError('not-found', `There is no WebSocket at ${path}.`, { hint: 'The API is described at /docs.' });
      await open(upgrade);
    },
    add(policy, method, path, handler, answerError, arrived) {
      note(gates, { policy, method, path, socket: false });
      const answer = async (context: Context) => {
        const leave = arrived?.(context);
        try {
          return await handler(context, await gates[policy](context));
        } catch (thrown) {
          if (answerError) return answerError(thrown);
          throw thrown;
        } finally {
          leave?.();
        }
      };
      // Hono looks for GET where HEAD was asked, so a route for HEAD alone has to stand under GET.
      if (method !== 'HEAD') app.on(method, path, answer);
      else app.get(path, (context, next) => (context.req.raw.method === 'HEAD' ? answer(context) : next()));
    },
    list: () => [...routes],
  };
}
