import { AtelierError } from '@atelier/protocol';
import { type Context, Hono } from 'hono';
import type { Logger } from '../core/index.ts';
import { asAnswer, errorResponse } from './api/answer-error.ts';
import { addApiRoutes } from './api/orpc-routes.ts';
import { addWatchRoute } from './api/watch-sockets.ts';
import { addOutputRoutes } from './bytes/output-routes.ts';
import { addPublicRoutes } from './bytes/public-routes.ts';
import { addZipRoutes } from './bytes/zips.ts';
import { compatibleError } from './compatible/compatible-error.ts';
import { addCompatibleRoutes, compatiblePrefix } from './compatible/compatible-routes.ts';
import { addPredictRoute } from './compatible/predict.ts';
import { addEdgeRoutes } from './edges/edge-routes.ts';
import { addExampleRoutes } from './examples.ts';
import { addAuthRoutes } from './identity/auth-routes.ts';
import { addDocumentRoutes } from './pages/document-routes.ts';
import { addHealthRoutes } from './pages/health-routes.ts';
import { addStudioRoutes } from './pages/studio-routes.ts';
import { requestId, withRequestId } from './request-id.ts';
import { createRouteTable, type Gates, type RouteInfo, type SocketGates } from './route-table.ts';
import type { Services } from './services.ts';
import type { Upgrade } from './upgrade.ts';

export interface App {
  fetch(request: Request, env: object): Response | Promise<Response>;
  /** Opens the WebSocket of a path. @throws AtelierError what the gate of its policy throws; `not-found` */
  openSocket(path: string, upgrade: Upgrade): Promise<void>;
  /** Every way in, with its policy. */
  listRoutes(): RouteInfo[];
}

/** All routes over the services. @throws AtelierError `internal` if a route has no policy */
export function createApp(services: Services, gates: Gates, socketGates: SocketGates): App {
  const app = new Hono();
  app.use('*', (context, next) =>
    withRequestId(async (requestId) => {
      const startedAt = performance.now();
      await next();
      await refuseIfCut(context, services);
      decorate(context, requestId);
      logRequest(services.log, context, { requestId, ms: Math.round(performance.now() - startedAt) });
    }),
  );
  app.use('*', async (context, next) => {
    services.origins.checkHost(context.req.header('host'));
    checkAddress(context.req.url);
    await next();
  });
  app.onError((thrown, context) => answerFor(context, asAnswer(thrown), services.log));
  app.notFound((context) =>
    answerFor(context, new AtelierError('not-found', `There is nothing at ${context.req.path}.`, { hint: 'The API is described at /docs.' }), services.log),
  );
  const routes = createRouteTable(app, gates, socketGates);
  addHealthRoutes(routes, services);
  addAuthRoutes(routes, services);
  // These two read bodies themselves; nothing before them may.
  addApiRoutes(routes, services);
  services.uploads.addRoutes(routes);
  addOutputRoutes(routes, services);
  addZipRoutes(routes, services);
  addPublicRoutes(routes, services);
  addEdgeRoutes(routes, services);
  addWatchRoute(routes, services.watchSockets);
  addCompatibleRoutes(routes, services);
  addPredictRoute(routes, services);
  addExampleRoutes(routes, services);
  addDocumentRoutes(routes);
  addStudioRoutes(routes);
  return { fetch: (request, env) => app.fetch(request, env), openSocket: routes.open, listRoutes: routes.list };
}

/** Whoever was let in and may not be here any more by now is told so, and nothing else. */
async function refuseIfCut(context: Context, { connections, log }: Services): Promise<void> {
  const refusal = connections.refusalOf(context.req.raw);
  if (!refusal) return;
  await context.res.body?.cancel();
  context.res = undefined;
  context.res = answerFor(context, refusal, log);
}

function answerFor(context: Context, error: AtelierError, log: Logger): Response {
  if (error.code === 'internal') log.error({ err: error.cause ?? error, requestId: requestId(), path: context.req.path }, 'A request failed.');
  return context.req.path.startsWith(`${compatiblePrefix}/`) ? compatibleError(error) : errorResponse(error);
}

/** No name that is kept here holds the character zero. @throws AtelierError `invalid-input` */
function checkAddress(url: string): void {
  if (/%00/.test(url)) throw new AtelierError('invalid-input', 'The address holds the character zero.', { hint: 'Write it without %00.' });
}

function decorate(context: Context, requestId: string): void {
  const { headers } = context.res;
  headers.set('x-request-id', requestId);
  if (!headers.has('x-content-type-options')) headers.set('x-content-type-options', 'nosniff');
  headers.set('referrer-policy', 'no-referrer');
  if (context.req.path.startsWith('/api/') && !headers.has('cache-control')) headers.set('cache-control', 'no-store');
}

/** Paths hold ids only; queries may hold codes and are left out. */
function logRequest(log: Logger, context: Context, fields: { requestId: string; ms: number }): void {
  const entry = { ...fields, method: context.req.method, path: context.req.path, status: context.res.status };
  // A 503 of /healthz is its answer, not a fault.
  if (context.res.status >= 500 && context.req.path !== '/healthz') log.warn(entry, 'request');
  else if (context.req.method === 'GET' || context.req.method === 'HEAD') log.debug(entry, 'request');
  else log.info(entry, 'request');
}
