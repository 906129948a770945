import { AtelierError, type Policy } from '@atelier/protocol';
import type { Context, Hono } from 'hono';
import type { Caller, EdgeCaller, Person } from './identity/caller.ts';

/** Who may use a route: `edge` needs the token of an edge's open socket, `ticket` a signed transfer ticket for the bytes it names; both with a proof of the edge's key. */
export type RoutePolicy = Policy | 'edge' | 'ticket';

export interface RouteInfo {
  readonly method: string;
  readonly path: string;
  readonly policy: RoutePolicy;
}

/** What a handler is told of its caller, by policy. */
interface Admitted {
  public: Caller;
  member: Person;
  owner: Person;
  edge: EdgeCaller;
  ticket: undefined;
}

type Handler<P extends RoutePolicy> = (context: Context, caller: Admitted[P]) => Response | Promise<Response>;

/** Lets a caller in or throws; one for each policy. */
export type Gates = { readonly [P in RoutePolicy]: (context: Context) => Promise<Admitted[P]> };

/** Every way in over HTTP, with its policy. Nothing may be put on the app but through `add`. */
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
  /** A WebSocket, which is no request to the app; its policy is kept by whoever upgrades it. */
  note(policy: RoutePolicy, method: string, path: string): void;
  list(): RouteInfo[];
}

/**
 * A table that registers routes on the app behind the gate of their policy.
 * @throws AtelierError `internal` on `add` without a known policy, so that the server does not start
 */
export function createRouteTable(app: Hono, gates: Gates): RouteTable {
  const routes: RouteInfo[] = [];
  const note = (policy: RoutePolicy, method: string, path: string): void => {
    if (!Object.hasOwn(gates, policy)) throw new AtelierError('internal', `${method} ${path} has no policy.`);
    routes.push({ method, path, policy });
  };
  return {
    note,
    add(policy, method, path, handler, answerError, arrived) {
      note(policy, method, path);
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
