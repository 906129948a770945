import { readdir, readFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { AtelierError, Chain, type ExampleView, findTask, type Modality, parseChainText, resolveChain } from '@atelier/protocol';
import { mediaTypeOfName, sendFile } from './pages/send-file.ts';
import type { RouteTable } from './route-table.ts';
import type { Examples, Services } from './services.ts';

const examplesFolder = join(import.meta.dirname, '../../../../examples');

/**
 * The examples of the repository: `examples/chains/*.yaml`, and their inputs from `examples/audio`, `examples/pictures` and the like.
 * Each input gets something of its kind, so that an example runs with one click.
 */
export function createExamples(folder: string = examplesFolder): Examples {
  return {
    async list() {
      const names = await namesIn(join(folder, 'chains'));
      const files = names.filter((name) => /\.(ya?ml|json)$/.test(name));
      const examples = await Promise.all(files.map((name) => readExample(folder, name)));
      return examples.sort((a, b) => countModalities(b) - countModalities(a));
    },
    async file(name) {
      for (const part of ['audio', 'pictures', 'texts']) {
        if ((await namesIn(join(folder, part))).includes(name)) return { path: join(folder, part, name), mediaType: mediaTypeOfName(name) };
      }
      throw new AtelierError('not-found', `There is no example file "${name}".`, { hint: 'GET /api/examples names them.' });
    },
  };
}

/** How many modalities a chain goes through: what shows most stands first. */
function countModalities({ chain }: ExampleView): number {
  const { inputs, steps } = resolveChain(chain);
  const made = steps.flatMap((step) => Object.values(findTask(step.task).outputs).map(({ modality }) => modality));
  return new Set([...Object.values(inputs).map(({ modality }) => modality), ...made]).size;
}

/** Names in a folder, sorted; none if it is missing. */
async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = await readdir(folder).catch(() => []);
  return names.sort();
}

async function readExample(folder: string, name: string): Promise<ExampleView> {
  const chain = Chain.parse(parseChainText(await readFile(join(folder, 'chains', name), 'utf8')));
  const inputs = await Promise.all(Object.entries(chain.inputs).map(async ([input, { modality }]) => [input, await readyInput(folder, modality)] as const));
  return {
    id: basename(name, extname(name)),
    title: chain.name ?? basename(name, extname(name)),
    summary: chain.description ?? '',
    chain: { ...chain },
    inputs: Object.fromEntries(inputs.filter(([, value]) => value !== undefined)) as ExampleView['inputs'],
  };
}

/** Something that fits, so that the example runs at once. Undefined if the repository has nothing of that kind. */
async function readyInput(folder: string, modality: Modality): Promise<ExampleView['inputs'][string] | undefined> {
  if (modality === 'text') return { text: 'a red apple' };
  const part = { audio: 'audio', image: 'pictures' }[modality as string];
  const file = part === undefined ? undefined : (await namesIn(join(folder, part))).find((name) => mediaTypeOfName(name).startsWith(`${modality}/`));
  return file === undefined ? undefined : { file, mediaType: mediaTypeOfName(file) };
}

export function addExampleRoutes(routes: RouteTable, { examples }: Services): void {
  routes.add('member', 'GET', '/api/examples/files/:name', async (context) => {
    const { path, mediaType } = await examples.file(context.req.param('name') ?? '');
    const file = await sendFile(path, { 'content-type': mediaType });
    if (file) return file;
    throw new AtelierError('not-found', 'The example file is missing.');
  });
}
