import { AtelierError, checkTexts, contract, limits, type Policy } from '@atelier/protocol';
import { OpenAPIHandler } from '@orpc/openapi/fetch';
import { traverseContractProcedures } from '@orpc/server';
import { BodyLimitPlugin } from '@orpc/server/fetch';
import type { Context } from 'hono';
import type { Caller, Person } from '../identity/caller.ts';
import { remoteAddress } from '../rate-limit.ts';
import { requestId } from '../request-id.ts';
import type { RouteTable } from '../route-table.ts';
import type { Services } from '../services.ts';
import { asAnswer, asOrpcError } from './answer-error.ts';
import type { ApiContext } from './implementer.ts';
import { createApiRouter } from './router.ts';

/** Inputs of a run are texts within the body; larger things are uploaded. */
const bodyBytes = limits.chainBytes + 16 * limits.textBytes;

export interface ContractRoute {
  readonly method: string;
  /** Within the contract: `runs.get`. */
  readonly procedure: string;
  /** As in the contract: `/runs/{id}`. */
  readonly path: string;
  readonly policy: Policy;
}

/** Every procedure of the contract as a route. @throws AtelierError `internal` for one without a policy, method or path */
export function contractRoutes(): ContractRoute[] {
  const routes: ContractRoute[] = [];
  traverseContractProcedures({ router: contract, path: [] }, ({ contract: procedure, path }) => {
    const { route, meta } = procedure['~orpc'];
    const policy = (meta as { policy?: Policy }).policy;
    if (policy === undefined) throw new AtelierError('internal', `The procedure ${path.join('.')} has no policy.`);
    if (!route.method || !route.path) throw new AtelierError('internal', `The procedure ${path.join('.')} has no method or path.`);
    routes.push({ procedure: path.join('.'), method: route.method, path: route.path, policy });
  });
  return routes;
}

/** Puts the API of the contract under /api. */
export function addApiRoutes(routes: RouteTable, services: Services): void {
  const handler = new OpenAPIHandler(createApiRouter(services), {
    plugins: [new BodyLimitPlugin({ maxBodySize: bodyBytes })],
    eventIteratorKeepAliveInterval: 5_000,
    eventIteratorKeepAliveComment: 'still here',
    clientInterceptors: [
      (options) => {
        // The procedure whose policy was checked is the only one that runs: oRPC reads the address by itself.
        if (options.path.join('.') !== options.context.procedure) throw new AtelierError('not-found', 'There is no such page.');
        checkTexts(options.input);
        return options.next();
      },
    ],
    interceptors: [
      async (options) => {
        try {
          return await options.next();
        } catch (thrown) {
          const error = asAnswer(thrown);
          if (error.code === 'internal') services.log.error({ err: thrown, requestId: requestId(), path: options.request.url.pathname }, 'A procedure failed.');
          throw asOrpcError(error);
        }
      },
    ],
  });
  for (const { procedure, method, path, policy } of contractRoutes()) {
    const honoPath = `/api${path.replaceAll(/\{(\w+)\}/g, ':$1')}`;
    const answer = async (context: Context, caller: Caller) => {
      if (policy === 'public') services.publicLimit.take(remoteAddress(context));
      const handled = await handler.handle(context.req.raw, { prefix: '/api', context: apiContext({ procedure, policy }, caller, context) });
      if (handled.matched) return unbuffered(handled.response);
      throw new AtelierError('not-found', 'There is no such page.');
    };
    routes.add(policy, method, honoPath, answer, orpcErrorResponse);
  }
}

/** A proxy in between must hand on each event as it comes (nginx; others know the header too). */
function unbuffered(response: Response): Response {
  if (response.headers.get('content-type')?.startsWith('text/event-stream')) response.headers.set('x-accel-buffering', 'no');
  return response;
}

/** A public procedure has nobody to ask about: one that did would be a mistake, and is refused. */
function apiContext({ procedure, policy }: Pick<ContractRoute, 'procedure' | 'policy'>, caller: Caller, context: Context): ApiContext {
  const { headers } = context.req.raw;
  if (policy !== 'public') return { procedure, person: caller as Person, headers };
  return {
    procedure,
    headers,
    get person(): Person {
      throw new AtelierError('unauthenticated', 'This needs a signed-in user.');
    },
  };
}

/** A refusal at the gate, in the form in which procedures answer errors. */
function orpcErrorResponse(thrown: unknown): Response {
  const error = asOrpcError(asAnswer(thrown));
  return Response.json(error.toJSON(), { status: error.status });
}
