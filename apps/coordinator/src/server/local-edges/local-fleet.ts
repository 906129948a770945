import { mkdir, readdir, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { AtelierError, cutText, type FleetFile, parseFleetFile } from '@atelier/protocol';
import type { Database } from '@atelier/store';
import type { Core, Logger } from '../../core/index.ts';
import { makeSingleUse } from '../identity/single-use.ts';
import { endEdge, keepLocalEdge, type LocalEdge } from './local-edge.ts';

export interface LocalFleetOptions {
  readonly dataFolder: string;
  readonly database: Database;
  readonly core: Pick<Core, 'edges'>;
  readonly url: string;
  readonly log: Logger;
  readonly fleetFile?: string | undefined;
  readonly localEdge: boolean;
  readonly offline?: boolean | undefined;
  readonly modelsFolder?: string | undefined;
  readonly tasks?: readonly string[] | undefined;
  readonly threads?: number | undefined;
}

const joinMinutes = 10;
/** The folder of the one edge that is started where no fleet was named. */
const onlyEdge = 'local';

/** The edges of this machine: those of the fleet's file, or one, or none. Others that an earlier start left are ended. */
export async function startLocalFleet(options: LocalFleetOptions): Promise<LocalEdge> {
  const wanted = await wantedEdges(options);
  const edgesFolder = join(options.dataFolder, 'edges');
  await mkdir(edgesFolder, { recursive: true, mode: 0o700 });
  const stray = (await readdir(edgesFolder)).filter((name) => !wanted.some((edge) => edge.folderName === name));
  await Promise.all(stray.map((name) => endEdge(join(edgesFolder, name))));
  const logs = join(options.dataFolder, 'logs');
  await mkdir(logs, { recursive: true, mode: 0o700 });
  const edges = wanted.map((edge) =>
    keepLocalEdge({
      name: edge.name,
      folder: join(edgesFolder, edge.folderName),
      args: [...edge.args, ...sharedArgs(options)],
      url: options.url,
      logFile: join(logs, `edge-${edge.folderName}.log`),
      joinToken: async () => (await makeSingleUse(options.database.db, 'join-edge', { minutes: joinMinutes })).token,
      heardSince: (edgeId, since) => wasHeard(options.core, edgeId, since),
      log: options.log,
    }),
  );
  return { close: async () => void (await Promise.all(edges.map((edge) => edge.close()))) };
}

async function wasHeard(core: LocalFleetOptions['core'], edgeId: string, since: Date): Promise<boolean> {
  const lastSeenAt = (await core.edges.list()).find((edge) => edge.id === edgeId)?.lastSeenAt ?? null;
  return lastSeenAt !== null && Date.parse(lastSeenAt) > since.getTime();
}

interface WantedEdge {
  readonly name: string;
  readonly folderName: string;
  readonly args: readonly string[];
}

async function wantedEdges({ fleetFile, localEdge }: LocalFleetOptions): Promise<WantedEdge[]> {
  if (fleetFile !== undefined) return (await readFleet(fleetFile)).edges.map(fleetEdge);
  return localEdge ? [{ name: cutText(hostname().split('.')[0] ?? '', 60) || onlyEdge, folderName: onlyEdge, args: [] }] : [];
}

async function readFleet(file: string): Promise<FleetFile> {
  const text = await readFile(file, 'utf8').catch((cause) => {
    throw new AtelierError('not-found', `The fleet's file ${file} cannot be read.`, { hint: 'examples/fleets holds some.', cause });
  });
  return parseFleetFile(text);
}

function fleetEdge(edge: FleetFile['edges'][number]): WantedEdge {
  const args = ['--models', edge.models.join(','), '--slots', String(edge.slots)];
  if (edge.memoryBytes !== undefined) args.push('--memory', String(edge.memoryBytes));
  if (edge.simulate) args.push('--simulate', JSON.stringify(edge.simulate));
  return { name: edge.name, folderName: edge.name, args };
}

function sharedArgs(options: LocalFleetOptions): string[] {
  const args = ['--models-folder', options.modelsFolder ?? join(options.dataFolder, 'models')];
  if (options.offline) args.push('--offline');
  if (options.threads !== undefined) args.push('--threads', String(options.threads));
  for (const module of options.tasks ?? []) args.push('--tasks', module);
  return args;
}
