import { AtelierError, findTask, type RecipeDocument, RunId, shardCount } from '@atelier/protocol';
import { makeZip } from 'client-zip';
import type { Context } from 'hono';
import type { PortValue, PortValues, RunValue } from '../../core/index.ts';
import type { Person } from '../identity/caller.ts';
import type { RouteTable } from '../route-table.ts';
import type { Services } from '../services.ts';
import { bringHere, fileNameParameters } from './output-routes.ts';
import { recipeSource } from './recipe-source.ts';

/** The first moment that a zip can name, so that the same frames make the same file. */
const noTime = new Date(1980, 0, 1);

/** A file of a zip. */
interface Entry {
  readonly name: string;
  readonly value: PortValue;
  recipe(): Promise<RecipeDocument | null>;
}

/** All values of a step's port, or all results of a run, in one file, written while it is sent: memory does not grow with their number. */
export function addZipRoutes(routes: RouteTable, services: Services): void {
  routes.add('member', 'GET', '/api/runs/:id/steps/:stepId/frames.zip', async (context, person) => {
    const found = await wantedValues(services, context, person);
    return answer(services, context, `${found.runName}-frames.zip`, framesOf(services, found));
  });
  routes.add('member', 'GET', '/api/runs/:id/results.zip', async (context, person) => {
    const { runName, values } = await services.core.gallery.runValues(person, runIdOf(context));
    if (values.length === 0) {
      throw new AtelierError('conflict', 'This run has no results to download.', { hint: 'Wait for the first one, or restore what was deleted.' });
    }
    return answer(services, context, `${runName}.zip`, resultsOf(services, values));
  });
}

function answer(services: Services, context: Context, name: string, entries: readonly Entry[]): Response {
  const headers = {
    'content-type': 'application/zip',
    'content-disposition': `attachment; ${fileNameParameters(name)}`,
    'cache-control': 'private, no-cache',
  };
  return new Response(makeZip(files(services, entries, context.req.raw.signal)), { headers });
}

/** @throws AtelierError `not-found` */
function runIdOf(context: Context): RunId {
  const runId = RunId.safeParse(context.req.param('id'));
  if (runId.success) return runId.data;
  throw new AtelierError('not-found', 'There is no such run.');
}

/** @throws AtelierError `not-found`; `invalid-input` for a port that the step does not have; `conflict` where values are missing and `partial=1` was not said */
async function wantedValues({ core }: Services, context: Context, person: Person): Promise<PortValues> {
  const stepId = context.req.param('stepId') ?? '';
  const port = context.req.query('port');
  const found = await core.gallery.values(person, { runId: runIdOf(context), stepId, port });
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

function framesOf({ core }: Services, { task, values }: PortValues): Entry[] {
  // An image of a batch has a seed of its own. Frames of a walk, of which there may be thousands, are alike but for their number.
  if (findTask(task).shards?.alone) return values.map((value) => ({ name: frameName(value), value, recipe: () => core.gallery.recipeOf(value.id) }));
  let asked: Promise<RecipeDocument | null> | undefined;
  return values.map((value) => ({
    name: frameName(value),
    value,
    recipe: async () => {
      asked ??= core.gallery.recipeOf(value.id);
      const recipe = await asked;
      return recipe && { ...recipe, result: { ...recipe.result, index: value.place } };
    },
  }));
}

function resultsOf({ core }: Services, values: readonly RunValue[]): Entry[] {
  return values.map((value) => ({ name: resultName(value, values), value, recipe: () => core.gallery.recipeOf(value.id) }));
}

async function* files(services: Services, entries: readonly Entry[], signal: AbortSignal) {
  for (const { name, value, recipe } of entries) {
    await bringHere(services, value, signal);
    const source = await recipeSource(services.artifacts, value, await recipe());
    const input = source.sizeBytes === 0 ? new Uint8Array() : await source.open({ start: 0, end: source.sizeBytes - 1 });
    yield { name, lastModified: noTime, size: source.sizeBytes, input };
  }
}

const numbered = (place: number) => String(place + 1).padStart(4, '0');

function frameName({ place, mediaType, extension }: PortValue): string {
  return `${mediaType.startsWith('image/') ? 'frame' : 'value'}-${numbered(place)}.${extension}`;
}

/** By the step, in the order of the chain, with the port and a number only where there are several: `02-draw-0003.png`. */
function resultName({ stepId, port, position, place, extension }: RunValue, values: readonly RunValue[]): string {
  const ofStep = values.filter((other) => other.stepId === stepId);
  const ofPort = ofStep.filter((other) => other.port === port);
  const parts = [
    String(position + 1).padStart(2, '0'),
    stepId,
    ...(ofPort.length < ofStep.length ? [port] : []),
    ...(ofPort.length > 1 ? [numbered(place)] : []),
  ];
  return `${parts.join('-')}.${extension}`;
}
