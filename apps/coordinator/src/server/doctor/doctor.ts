import { statfs } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import { AtelierError, type EdgeView, type Finding } from '@atelier/protocol';
import type { Core } from '../../core/index.ts';
import type { Storage } from '../../storage.ts';
import { size } from './byte-size.ts';
import { findEngines, type KnownEngine, knownEngines } from './engines.ts';
import { findModelFolders, usualModelFolders } from './model-folders.ts';

export interface DoctorOptions {
  readonly core: Core;
  readonly dataFolder: string;
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
  const edges = await core.listEdges();
  const found = await Promise.all([
    diskSpace(dataFolder),
    storageFindings(storage),
    findEngines(options.engines ?? knownEngines),
    findModelFolders(options.modelFolders ?? usualModelFolders()),
  ]);
  return [
    good('Atelier', `Version ${version} on Node ${process.versions.node}, ${process.platform} ${process.arch}.`),
    memory(),
    ...found.flat(),
    tasks(core),
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

function tasks(core: Core): Finding {
  const { ready, missing } = core.readiness();
  if (ready) return good('Tasks', 'Each starter task has a model with verified files.');
  return {
    subject: 'Tasks',
    level: 'problem',
    message: `No edge offers yet: ${missing.join(', ')}.`,
    hint: 'Look at: atelier models list. A first start pulls them; that takes a while.',
  };
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
  return [good(subject, `${edge.info.cpu}, ${edge.info.cores} cores, ${edge.info.slots} slots, ${edge.models.length} models.`), ...devices, ...failed];
}
