import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import { AtelierError, differingModel, type EdgeView, type Finding } from '@atelier/protocol';
import { outsideDatabases } from '@atelier/store';
import type { Core } from '../../core/index.ts';
import type { Storage } from '../../storage.ts';
import { pullFailure } from '../readiness.ts';
import { size } from './byte-size.ts';
import { findEngines, type KnownEngine, knownEngines } from './engines.ts';
import { findModelFolders, usualModelFolders } from './model-folders.ts';

export interface DoctorOptions {
  readonly core: Core;
  readonly dataFolder: string;
  /** Where the database lies if that is not in the data folder. */
  readonly databaseOutside: string | undefined;
  readonly version: string;
  readonly storage: Storage;
  readonly engines?: readonly KnownEngine[];
  readonly modelFolders?: readonly string[];
}

const gib = 1024 ** 3;
const littleDisk = 5 * gib;
const littleMemory = 2 * gib;

/** What is good, missing or found on this machine. It proposes and changes nothing. */
export async function examine(options: DoctorOptions): Promise<Finding[]> {
  const { core, dataFolder, version, storage } = options;
  const edges = await core.edges.list();
  const found = await Promise.all([
    diskSpace(dataFolder),
    storageFindings(storage),
    databaseFindings(options),
    findEngines(options.engines ?? knownEngines),
    findModelFolders(options.modelFolders ?? usualModelFolders()),
  ]);
  return [
    good('Atelier', `Version ${version} on Node ${process.versions.node}, ${process.platform} ${process.arch}.`),
    memory(),
    ...found.flat(),
    tasks(core, edges),
    ...edges.flatMap(edgeFindings),
  ];
}

function good(subject: string, message: string): Finding {
  return { subject, level: 'good', message, hint: null };
}

async function diskSpace(folder: string): Promise<Finding[]> {
  const disk = await statfs(folder);
  const free = disk.bavail * disk.bsize;
  const message = `${size(free)} free where the data lies.`;
  return [free >= littleDisk ? good('Disk', message) : { subject: 'Disk', level: 'problem', message, hint: 'Free some space, or move the data with --data.' }];
}

async function storageFindings({ place, check }: Storage): Promise<Finding[]> {
  try {
    await check();
    return [good('Storage', `Artifacts are kept in ${place}.`)];
  } catch (thrown) {
    const { message, hint } = AtelierError.from(thrown);
    return [{ subject: 'Storage', level: 'problem', message: `${place} cannot be used: ${message}`, hint: hint ?? null }];
  }
}

function memory(): Finding {
  const message = `${size(freemem())} of ${size(totalmem())} free.`;
  if (freemem() >= littleMemory) return good('Memory', message);
  return { subject: 'Memory', level: 'note', message, hint: 'Larger models may not fit; close other programs or set modelMemory of the edge lower.' };
}

function tasks(core: Core, edges: readonly EdgeView[]): Finding {
  const { ready, missing } = core.edges.readiness();
  if (ready) return good('Tasks', 'Each starter task has a model with verified files.');
  return { subject: 'Tasks', level: 'problem', message: `No edge offers yet: ${missing.join(', ')}.`, hint: howToGet(missing, edges) };
}

/** What the edges are doing about missing tasks: pulling a model for them, or having failed to. */
function howToGet(missing: readonly string[], edges: readonly EdgeView[]): string {
  const models = edges.filter((edge) => edge.state === 'online').flatMap((edge) => edge.models);
  const wanted = models.filter(({ manifest }) => manifest.tasks.some((task) => missing.includes(task)));
  const pulling = wanted.filter(({ state }) => state === 'pulling').map(({ manifest }) => manifest.id);
  if (pulling.length > 0) return `They come with ${pulling.join(', ')}, which are being pulled now. How far they are: atelier models list.`;
  const failed = wanted.filter((model) => pullFailure(model)).map(({ manifest }) => manifest.id);
  if (failed.length > 0) return `The pull of ${failed.join(', ')} failed; the reason is said below. When it is mended: atelier models pull ${failed[0]}.`;
  return 'See which models serve them, and pull one: atelier models list.';
}

/** A copy of the data folder alone is no backup if the database lies elsewhere. */
async function databaseFindings({ dataFolder, databaseOutside }: DoctorOptions): Promise<Finding[]> {
  const gone: string[] = [];
  for (const found of await outsideDatabases()) if (found.dataFolder !== dataFolder && !existsSync(found.dataFolder)) gone.push(found.folder);
  const findings: Finding[] = [];
  if (databaseOutside !== undefined) {
    const hint = 'Whoever copies or deletes the data folder must do the same with it. The account that runs PostgreSQL for root may not enter the data folder.';
    findings.push({ subject: 'Database', level: 'note', message: `It lies outside of the data folder: ${databaseOutside}.`, hint });
  }
  if (gone.length > 0) {
    const message = `${gone.length} of other data folders that are not there any more: ${gone.join(', ')}.`;
    const hint = 'Delete them, unless such a data folder lies on a disk that is not connected now.';
    findings.push({ subject: 'Databases left behind', level: 'note', message, hint });
  }
  return findings;
}

function edgeFindings(edge: EdgeView): Finding[] {
  const subject = `Edge ${edge.name}`;
  if (edge.state === 'revoked') return [];
  if (edge.state === 'away' || !edge.info) {
    const last = edge.lastSeenAt === null ? 'It was never here.' : `It was last here at ${edge.lastSeenAt}.`;
    return [{ subject, level: 'problem', message: last, hint: 'Start it on its machine with: atelier edge.' }];
  }
  const devices = edge.info.devices.map((device): Finding => {
    const reason = device.reason === '' ? '' : ` ${device.reason}`;
    return {
      subject: `${subject}, ${device.driver}`,
      level: device.device === 'cpu' ? 'note' : 'good',
      message: `Runs on ${device.device}.${reason}`,
      hint: null,
    };
  });
  const failed = edge.models
    .filter((model) => model.error)
    .map((model): Finding => {
      const { message = '', hint } = model.error ?? {};
      return { subject: `${subject}, ${model.manifest.id}`, level: 'problem', message, hint: hint ?? null };
    });
  const differing = edge.models
    .filter((model) => model.standing === 'differs')
    .map((model): Finding => ({ subject: `${subject}, ${model.manifest.id}`, level: 'problem', ...differingModel }));
  return [
    good(subject, `${edge.info.cpu}, ${edge.info.cores} cores, ${edge.info.slots} slots, ${edge.models.length} models.`),
    ...devices,
    ...failed,
    ...differing,
  ];
}
