import { AtelierError } from '@atelier/protocol';
import type { RouteTable } from '../route-table.ts';
import type { Services } from '../services.ts';
import { completeChat } from './chat.ts';
import { generateImages } from './images.ts';
import { anyModel, offeredModels } from './single-step.ts';
import { transcribe } from './transcriptions.ts';

export const compatiblePrefix = '/v1';

/** Endpoints in the form of OpenAI's API, planned and run like any chain, so that programs written for it work here. */
export function addCompatibleRoutes(routes: RouteTable, services: Services): void {
  routes.add('member', 'GET', '/v1/models', async () => Response.json({ object: 'list', data: await listModels(services) }));
  routes.add('member', 'GET', '/v1/models/:id', async (context) => {
    const id = context.req.param('id') ?? '';
    const found = (await listModels(services)).find((model) => model.id === id);
    if (found) return Response.json(found);
    throw new AtelierError('unknown-model', `The model "${id}" does not exist here.`, { hint: 'GET /v1/models lists them; "auto" lets Atelier choose.' });
  });
  routes.add('member', 'POST', '/v1/chat/completions', (context, person) => completeChat(services, person, context));
  routes.add('member', 'POST', '/v1/images/generations', (context, person) => generateImages(services, person, context));
  routes.add('member', 'POST', '/v1/audio/transcriptions', (context, person) => transcribe(services, person, context));
}

async function listModels({ core }: Services) {
  return [anyModel[0] as string, ...(await offeredModels(core))].map((id) => ({ id, object: 'model', created: 0, owned_by: 'atelier' }));
}
