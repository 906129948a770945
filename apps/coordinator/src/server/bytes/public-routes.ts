import { remoteAddress } from '../rate-limit.ts';
import type { RouteTable } from '../route-table.ts';
import type { Services } from '../services.ts';
import { outputId, sendContent, sendThumbnail } from './output-routes.ts';

/** It may be made private at any time. */
const shortly = 'public, max-age=60';

/** Bytes of what was made public, for anybody. Their list is `gallery.public` of the contract. */
export function addPublicRoutes(routes: RouteTable, services: Services): void {
  const { gallery } = services.core;
  routes.add('public', 'GET', '/api/public/outputs/:id/content', async (context) => {
    services.publicLimit.take(remoteAddress(context));
    return sendContent(services, context, await gallery.output(null, outputId(context), { recipe: true }), shortly);
  });
  routes.add('public', 'GET', '/api/public/outputs/:id/thumbnail', async (context) => {
    services.publicLimit.take(remoteAddress(context));
    return sendThumbnail(services, context, await gallery.output(null, outputId(context)), shortly);
  });
}
