import type { RouteTable } from '../route-table.ts';
import type { Services } from '../services.ts';

/** `/livez`: the server answers. `/healthz`: chains can run; otherwise 503 and which tasks nobody offers yet. */
export function addHealthRoutes(routes: RouteTable, { core }: Services): void {
  routes.add('public', 'GET', '/livez', () => Response.json({ live: true }));
  routes.add('public', 'GET', '/healthz', () => {
    const readiness = core.edges.readiness();
    return Response.json(readiness, { status: readiness.ready ? 200 : 503, headers: { 'cache-control': 'no-store' } });
  });
}
