import { mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Studio, type StudioOptions } from '../../tests/support/studio.ts';
import { noOpModel } from './no-op.ts';

/** Where `npm test` keeps the starter models: benches download nothing. */
export const modelsFolder = process.env.ATELIER_TEST_MODELS ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'atelier', 'test-models');

export function newStudio(options: StudioOptions = {}): Studio {
  const environment = { ATELIER_LOG_LEVEL: 'error', ...options.environment };
  return new Studio({ ...options, environment, arguments: ['--models', modelsFolder, '--offline', ...(options.arguments ?? [])] });
}

/** Writes an edge's own file before that edge starts; JSON is YAML too. */
export function writeEdgeFile(studio: Studio, edge: string, settings: object): void {
  const folder = join(studio.data, 'edges', edge);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, 'edge.yaml'), JSON.stringify(settings));
}

/** A studio whose one edge offers the no-op model in so many slots; ready to run it. */
export async function startNoOpStudio(slots: number, environment: Readonly<Record<string, string>> = {}): Promise<Studio> {
  const studio = newStudio({ tasks: [join(import.meta.dirname, 'no-op.ts')], environment });
  writeEdgeFile(studio, 'local', { slots, models: [noOpModel] });
  await studio.start();
  await studio.ready();
  await studio.offered(noOpModel.id);
  return studio;
}

/** Makes a run of so many no-op steps in a line. */
export async function createNoOpRun(studio: Studio, steps: number) {
  const chain = Array.from({ length: steps }, () => 'no-op').join(',');
  return studio.client.api.runs.create({ chain, inputs: { input: { text: 'go' } } });
}
