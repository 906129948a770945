import { AtelierError, type EdgeId, type EdgeView, type ModelView } from '@atelier/protocol';
import { Command } from 'commander';
import type { StudioOptions } from '../studio.ts';
import { createBars } from '../terminal/bars.ts';
import { formatBytes, formatSeconds } from '../terminal/format.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { findEdge } from './edges.ts';
import { aliasCommand } from './models-alias.ts';
import { type Session, studioCommand, withStudio } from './studio-command.ts';

const lookEveryMs = 500;

interface EdgeFlag extends StudioOptions {
  readonly edge?: string;
  readonly detach?: boolean;
}

export function modelsCommand(): Command {
  const models = new Command('models')
    .summary('list, pull, remove and name models')
    .description('Lists the models of the catalogue with their disk use, pulls and removes them, and maps names of other services to them.');
  models.addCommand(listCommand(), { isDefault: true });
  models.addCommand(showCommand());
  models.addCommand(pullCommand());
  models.addCommand(removeCommand());
  models.addCommand(aliasCommand());
  return models;
}

function listCommand(): Command {
  return studioCommand('list')
    .description('Lists all known models, where they are and what they take on disk.')
    .action(
      withStudio(async ({ client, terminal }) => {
        const models = await client.api.models();
        terminal.answer(models, () => modelTable(models, terminal));
        return 0;
      }),
    );
}

function modelTable(models: readonly ModelView[], terminal: Terminal): string[] {
  const disk = (model: ModelView) => model.edges.reduce((sum, edge) => sum + edge.diskBytes, 0);
  const lines = terminal.table(models, [
    { title: 'model', value: (model) => model.manifest.id },
    { title: 'tasks', value: (model) => model.manifest.tasks.join(', '), flexible: true },
    { title: 'download', value: (model) => formatBytes(model.downloadBytes), align: 'right' },
    { title: 'disk', value: (model) => formatBytes(disk(model)), align: 'right' },
    { title: 'memory', value: (model) => formatBytes(model.manifest.memoryBytes), align: 'right' },
    { title: 'licence', value: (model) => model.manifest.licence },
    {
      title: 'where',
      value: (model) =>
        model.edges
          .filter((edge) => edge.state !== 'absent')
          .map(whereText)
          .join(', ') || 'nowhere',
      flexible: true,
    },
  ]);
  return [...lines, terminal.paint.dim(`${formatBytes(models.reduce((sum, model) => sum + disk(model), 0))} on disk in all.`)];
}

function whereText(edge: ModelView['edges'][number]): string {
  if (edge.state === 'ready') return edge.loaded ? `${edge.edgeName} (loaded)` : edge.edgeName;
  const percent = edge.pull && edge.pull.totalBytes > 0 ? ` ${Math.floor((100 * edge.pull.doneBytes) / edge.pull.totalBytes)} %` : '';
  return `${edge.edgeName} (${edge.state}${percent})`;
}

async function findModel({ client }: Session, id: string): Promise<ModelView> {
  const models = await client.api.models();
  const found = models.find((model) => model.manifest.id === id);
  if (found) return found;
  throw new AtelierError('unknown-model', `There is no model "${id}".`, { hint: `Known are: ${models.map((model) => model.manifest.id).join(', ')}.` });
}

function showCommand(): Command {
  return studioCommand('show')
    .description('Shows what is known of a model.')
    .argument('<model>')
    .action(
      withStudio(async (session, _flags, [id]) => {
        const model = await findModel(session, id as string);
        session.terminal.answer(model, () => modelLines(model, session.terminal));
        return 0;
      }),
    );
}

function modelLines({ manifest, downloadBytes, edges }: ModelView, { paint }: Terminal): string[] {
  return [
    `${paint.bold(manifest.title)}  ${manifest.id}`,
    manifest.summary,
    `tasks     ${manifest.tasks.join(', ')}`,
    `licence   ${manifest.licence}`,
    `driver    ${manifest.driver}`,
    `memory    ${formatBytes(manifest.memoryBytes)}`,
    `download  ${formatBytes(downloadBytes)} in ${manifest.files.length} files, each pinned by its SHA-256`,
    `quality   ${manifest.quality} of 1`,
    `expected  ${formatSeconds(manifest.prior.runSeconds)} a step, ${formatSeconds(manifest.prior.loadSeconds)} to load, until measured`,
    `edges     ${edges.map((edge) => `${whereText(edge)} ${formatBytes(edge.diskBytes)}${edge.error ? `: ${edge.error.message}` : ''}`).join(', ') || 'none'}`,
  ];
}

/** The edge that was named; else the local one, or the only one. */
async function chooseEdge(session: Session, name: string | undefined): Promise<EdgeView> {
  if (name !== undefined) return findEdge(session, name);
  const online = (await session.client.api.edges.list()).filter((edge) => edge.state === 'online');
  const local = online.filter((edge) => edge.local);
  const only = local.length === 1 ? local[0] : online.length === 1 ? online[0] : undefined;
  if (only) return only;
  if (online.length === 0) throw new AtelierError('unavailable', 'No edge is connected.', { hint: 'Let one join: atelier edges token.' });
  throw new AtelierError('invalid-input', 'There are several edges.', { hint: `Name one with --edge: ${online.map((edge) => edge.name).join(', ')}.` });
}

function pullCommand(): Command {
  return studioCommand('pull')
    .description('Pulls a model of the catalogue onto an edge; resumes an interrupted pull.')
    .argument('<model>')
    .option('--edge <edge>', 'name or id of the edge (default: the local one)')
    .option('--detach', 'return at once')
    .action(
      withStudio<EdgeFlag>(async (session, flags, [id]) => {
        const model = await findModel(session, id as string);
        const edge = await chooseEdge(session, flags.edge);
        await session.client.api.edges.pullModel({ id: edge.id, modelId: model.manifest.id });
        const pulled = flags.detach ? model : await waitForPull(session, model.manifest.id, edge.id);
        session.terminal.answer(pulled, () => [flags.detach ? `${edge.name} pulls ${model.manifest.id}.` : `${model.manifest.id} is ready on ${edge.name}.`]);
        return 0;
      }),
    );
}

async function waitForPull(session: Session, modelId: string, edgeId: EdgeId): Promise<ModelView> {
  const bars = createBars(session.terminal);
  try {
    for (let looks = 0; ; looks += 1) {
      const model = await findModel(session, modelId);
      const at = model.edges.find((edge) => edge.edgeId === edgeId);
      if (at?.state === 'ready') return model;
      // An edge needs a moment to begin and to forget an earlier failure.
      if (at?.state === 'failed' && looks > 3) throw AtelierError.from(at.error ?? new AtelierError('download-failed', `${modelId} could not be pulled.`));
      if (at?.pull)
        bars.show(
          modelId,
          at.pull.totalBytes === 0 ? 0 : at.pull.doneBytes / at.pull.totalBytes,
          `${formatBytes(at.pull.doneBytes)} of ${formatBytes(at.pull.totalBytes)}`,
        );
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  } finally {
    bars.stop();
  }
}

function removeCommand(): Command {
  return studioCommand('rm')
    .description('Removes a model from an edge.')
    .argument('<model>')
    .option('--edge <edge>', 'name or id of the edge (default: the local one)')
    .action(
      withStudio<EdgeFlag>(async (session, flags, [id]) => {
        const model = await findModel(session, id as string);
        const edge = await chooseEdge(session, flags.edge);
        const freed = model.edges.find((one) => one.edgeId === edge.id)?.diskBytes ?? 0;
        const changed = await session.client.api.edges.removeModel({ id: edge.id, modelId: model.manifest.id });
        session.terminal.answer(changed, () => [`${model.manifest.id} is removed from ${edge.name}; ${formatBytes(freed)} are free again.`]);
        return 0;
      }),
    );
}
