import { mkdir } from 'node:fs/promises';
import { availableParallelism, homedir, hostname, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { AtelierError, cutText, limits, ModelId, ModelManifest, parseBytes, TransferUrl } from '@atelier/protocol';
import { parse } from 'yaml';
import { z } from 'zod';
import { readIfThere } from './atomic-file.ts';
import { parseSimulation, type SimulationSettings } from './simulation/simulation.ts';
import { parseAddress } from './transfer/listener.ts';

/** What a start may say; everything but the folder has a default, or a value in the folder's `edge.yaml`. */
export interface EdgeOptions {
  /** The edge's own folder: key, lock, results, artifacts. One edge a folder. */
  readonly folder: string;
  readonly join?: { readonly url: string; readonly token?: string | undefined } | undefined;
  readonly name?: string | undefined;
  /** Ids of models to offer. Default: the list of the last start; the first time all starter models. */
  readonly models?: readonly string[] | undefined;
  /** A model store, which edges of one machine may share. Default: `models` in the folder. */
  readonly modelsFolder?: string | undefined;
  readonly slots?: number | undefined;
  /** Services at a time, if it can run some. Default limits.servicesPerEdgeUnset. */
  readonly services?: number | undefined;
  /** Bytes that loaded models, and services, together may take. Default: half of the machine's memory. */
  readonly modelMemoryBytes?: number | undefined;
  /** Threads a step may compute with. Default: the cores shared between the slots. */
  readonly threads?: number | undefined;
  /**
   * `HOST:PORT` on which other edges fetch artifacts, or `off`: then they come by the coordinator.
   * Default: a free port of loopback where the coordinator is dialled on loopback, else off.
   */
  readonly listen?: string | undefined;
  readonly offline?: boolean | undefined;
  readonly simulate?: SimulationSettings | string | undefined;
  /** Modules that export `tasks`, `drivers`, `serviceKinds` or `services`. */
  readonly taskModules?: readonly string[] | undefined;
}

/** `4GB`, `512 MiB` or a number of bytes. */
const Bytes = z.union([z.number().positive(), z.string()]).transform((value, context) => {
  const bytes = typeof value === 'number' ? value : parseBytes(value);
  if (bytes === undefined) context.addIssue({ code: 'custom', message: 'write bytes, or a size such as 4GB' });
  return bytes ?? 0;
});

/** `edge.yaml`: the owner's own settings. Commands and servers of others come from here and nowhere else. */
const OwnerFile = z.strictObject({
  name: z.string().min(1).max(60).optional(),
  slots: z.int().min(1).max(64).optional(),
  services: z.int().min(0).max(limits.servicesPerEdge).optional(),
  modelMemory: Bytes.optional(),
  threads: z.int().min(1).max(1024).optional(),
  listen: z.string().optional(),
  /** The address told to other edges, where it is not the one listened on. */
  transferUrl: TransferUrl.optional(),
  /** Most bytes of artifacts kept; results not yet handed over stay in any case. */
  artifactQuota: Bytes.optional(),
  position: z.object({ latitude: z.number().min(-90).max(90), longitude: z.number().min(-180).max(180) }).optional(),
  /** Names of further environment variables that slots and commands may see. */
  environment: z
    .array(z.string().regex(/^\w{1,100}$/))
    .max(100)
    .optional(),
  /** Names of models, and whole manifests, as for the drivers `command` and `openai`. */
  models: z.array(z.union([ModelId, ModelManifest])).optional(),
});
type OwnerFile = z.infer<typeof OwnerFile>;

/** Everything decided. */
export interface EdgeSettings {
  readonly folder: string;
  readonly name: string;
  readonly slots: number;
  readonly services: number;
  readonly modelMemoryBytes: number;
  readonly threads: number;
  readonly listen: string | undefined;
  readonly transferUrl: string | undefined;
  readonly artifactQuotaBytes: number;
  readonly position: { latitude: number; longitude: number } | null;
  readonly ownManifests: readonly ModelManifest[];
  readonly wantedModels: readonly string[] | undefined;
  readonly modelsFolder: string;
  readonly offline: boolean;
  readonly simulation: SimulationSettings | undefined;
  readonly taskModules: readonly string[];
  /** Names of environment variables that slots see beside the usual ones; commands see `further` only. */
  readonly environment: { readonly further: readonly string[]; readonly keys: readonly string[] };
}

/**
 * Puts a start's options, the owner's file and defaults together, in this order, and makes the folder.
 * @throws AtelierError `invalid-input` naming the field
 */
export async function readSettings(options: EdgeOptions): Promise<EdgeSettings> {
  const folder = resolve(options.folder);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = await readOwnerFile(join(folder, 'edge.yaml'));
  const simulation = typeof options.simulate === 'string' ? parseSimulation(options.simulate) : options.simulate;
  const slots = options.slots ?? file.slots ?? 1;
  const ownManifests = (file.models ?? []).filter((model) => typeof model !== 'string');
  const listed = file.models?.filter((model) => typeof model === 'string');
  const listen = checkedListen(options.listen ?? file.listen);
  return {
    folder,
    name: cutText(options.name ?? file.name ?? hostname(), 60) || 'edge',
    slots,
    services: options.services ?? file.services ?? limits.servicesPerEdgeUnset,
    modelMemoryBytes: options.modelMemoryBytes ?? file.modelMemory ?? Math.floor(machineMemory() / 2),
    threads: options.threads ?? file.threads ?? Math.max(1, Math.floor(availableParallelism() / slots)),
    listen,
    transferUrl: file.transferUrl,
    artifactQuotaBytes: file.artifactQuota ?? 20e9,
    position: simulation?.position ?? file.position ?? null,
    ownManifests,
    // A file that lists only commands says nothing of models to pull.
    wantedModels: options.models ?? (listed && listed.length > 0 ? listed : undefined),
    modelsFolder: resolve(options.modelsFolder ?? join(folder, 'models')),
    offline: options.offline ?? false,
    simulation,
    taskModules: (options.taskModules ?? []).map((module) => resolve(module)),
    environment: { further: file.environment ?? [], keys: ownManifests.flatMap(keyNames) },
  };
}

/** @throws AtelierError `invalid-input` for what is no address */
function checkedListen(listen: string | undefined): string | undefined {
  if (listen !== undefined && listen !== 'off') parseAddress(listen);
  return listen;
}

/** The variables that an owner's manifest names for its driver, such as `apiKeyEnv`. */
function keyNames({ options }: ModelManifest): string[] {
  return Object.entries(options).flatMap(([option, value]) => (option.endsWith('Env') && typeof value === 'string' ? [value] : []));
}

/** A container may be allowed less than the machine has. */
export function machineMemory(): number {
  const allowed = process.constrainedMemory();
  return allowed > 0 && allowed < totalmem() ? allowed : totalmem();
}

/** `--folder` if none is given: an edge of its own in the user's data folder. */
export function defaultFolder(): string {
  const data = process.env.XDG_DATA_HOME ?? join(homedir(), '.local', 'share');
  return join(data, 'atelier-edge');
}

async function readOwnerFile(path: string): Promise<OwnerFile> {
  const text = await readIfThere(path);
  if (text === undefined) return {};
  const parsed = OwnerFile.safeParse(parseYaml(path, text) ?? {});
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new AtelierError('invalid-input', `${path}: ${issue?.path.join('.') || 'the file'}: ${issue?.message ?? 'not valid'}.`, {
    hint: 'Correct the file and start the edge again.',
    cause: parsed.error,
  });
}

function parseYaml(path: string, text: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    throw new AtelierError('invalid-input', `${path} is not YAML: ${(cause as Error).message.split('\n')[0]}`, {
      hint: 'Correct the file and start the edge again.',
      cause,
    });
  }
}
