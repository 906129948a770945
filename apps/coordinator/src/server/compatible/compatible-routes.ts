import { AtelierError } from '@atelier/protocol';
import type { RouteTable } from '../route-table.ts';
import type { Services } from '../services.ts';
import { completeChat } from './chat.ts';
import { completeText } from './completions.ts';
import { editImage, generateImages, varyImage } from './images.ts';
import { missingRoutes } from './missing-routes.ts';
import { listAliases } from './model-aliases.ts';
import { anyModel, offeredModels } from './model-names.ts';
import { respond } from './responses.ts';
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
  addMissingRoutes(routes);
  routes.add('member', 'POST', '/v1/chat/completions', (context, person) => completeChat(services, person, context));
  routes.add('member', 'POST', '/v1/completions', (context, person) => completeText(services, person, context));
  routes.add('member', 'POST', '/v1/responses', (context, person) => respond(services, person, context));
  routes.add('member', 'POST', '/v1/images/generations', (context, person) => generateImages(services, person, context));
  routes.add('member', 'POST', '/v1/images/edits', (context, person) => editImage(services, person, context));
  routes.add('member', 'POST', '/v1/images/variations', (context, person) => varyImage(services, person, context));
  routes.add('member', 'POST', '/v1/audio/transcriptions', (context, person) => transcribe(services, person, context));
}

/** What OpenAI has and no model here can do, said as that, and not as an address that nobody knows. */
function addMissingRoutes(routes: RouteTable): void {
  for (const [path, what] of Object.entries(missingRoutes)) {
    routes.add('member', 'POST', path, async () => {
      throw new AtelierError('not-found', `No model of this studio ${what}.`, {
        hint: 'GET /v1/models lists those that there are, docs/api.md what they can do.',
      });
    });
  }
}

async function listModels({ core, database }: Services) {
  const aliases = (await listAliases(database)).map(({ name }) => name);
  return [anyModel[0] as string, ...(await offeredModels(core)), ...aliases].map((id) => ({ id, object: 'model', created: 0, owned_by: 'atelier' }));
}
