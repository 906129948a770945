import { AtelierError, findTask, RunId, shardCount } from '@atelier/protocol';
import { makeZip } from 'client-zip';
import type { Context } from 'hono';
import type { PortValue, PortValues } from '../../core/index.ts';
import type { Person } from '../identity/caller.ts';
import type { RouteTable } from '../route-table.ts';
import type { Services } from '../services.ts';
import { bringHere, fileNameParameters } from './output-routes.ts';
import { recipeSource } from './recipe-source.ts';

/** The first moment that a zip can name, so that the same frames make the same file. */
const noTime = new Date(1980, 0, 1);

/** All values of a step's port in one file, written while it is sent: memory does not grow with their number. */
export function addFramesRoute(routes: RouteTable, services: Services): void {
  routes.add('member', 'GET', '/api/runs/:id/steps/:stepId/frames.zip', async (context, person) => {
    const found = await wantedValues(services, context, person);
    const zip = makeZip(files(services, found, context.req.raw.signal));
    const headers = {
      'content-type': 'application/zip',
      'content-disposition': `attachment; ${fileNameParameters(`${found.runName}-frames.zip`)}`,
      'cache-control': 'private, no-cache',
    };
    return new Response(zip, { headers });
  });
}

/** @throws AtelierError `not-found`; `invalid-input` for a port that the step does not have; `conflict` where values are missing and `partial=1` was not said */
async function wantedValues({ core }: Services, context: Context, person: Person): Promise<PortValues> {
  const runId = RunId.safeParse(context.req.param('id'));
  if (!runId.success) throw new AtelierError('not-found', 'There is no such run.');
  const stepId = context.req.param('stepId') ?? '';
  const port = context.req.query('port');
  const found = await core.gallery.values(person, { runId: runId.data, stepId, port });
  const ports = Object.keys(findTask(found.task).outputs);
  if (port !== undefined && !ports.includes(port)) {
    throw new AtelierError('invalid-input', `The step "${stepId}" makes no "${port}".`, { hint: `It makes: ${ports.join(', ')}.` });
  }
  const total = Math.max(shardCount(findTask(found.task), found.parameters), found.values.length);
  const partial = context.req.query('partial') === '1';
  if (found.values.length === 0) {
    throw new AtelierError('conflict', `The step "${stepId}" has no results yet.`, { hint: 'Wait for the first frame, then ask with partial=1.' });
  }
  if (partial || (found.state === 'succeeded' && found.values.length === total)) return found;
  throw new AtelierError('conflict', `The step "${stepId}" is ${found.state}, with ${found.values.length} of ${total} frames.`, {
    hint: 'Wait until it is done, or ask with partial=1 for those that are there.',
  });
}

async function* files(services: Services, { values }: PortValues, signal: AbortSignal) {
  const [first] = values;
  const recipe = first ? await services.core.gallery.recipeOf(first.id) : null;
  for (const value of values) {
    await bringHere(services, value, signal);
    // Of one step, so alike but for the number.
    const own = recipe && { ...recipe, result: { ...recipe.result, index: value.place } };
    const source = await recipeSource(services.artifacts, value, own);
    const input = await source.open({ start: 0, end: source.sizeBytes - 1 });
    yield { name: nameOf(value), lastModified: noTime, size: source.sizeBytes, input };
  }
}

function nameOf({ place, mediaType, extension }: PortValue): string {
  return `${mediaType.startsWith('image/') ? 'frame' : 'value'}-${String(place + 1).padStart(4, '0')}.${extension}`;
}
