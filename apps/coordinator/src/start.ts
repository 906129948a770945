import { mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createTicketSigner, OpenTransfers } from '@atelier/artifacts';
import { loadCatalogue, starterModelsFolder } from '@atelier/models';
import { AtelierError, limits, listTasks, registerServiceKind, registerTask, type ServiceKind, type TaskDeclaration } from '@atelier/protocol';
import { migrate, openDatabase } from '@atelier/store';
import pino from 'pino';
import { Cluster, type Core, designTimes, type Logger, Quota, startCore } from './core/index.ts';
import { openDataFolder } from './data-folder.ts';
import { createWatchSockets } from './server/api/watch-sockets.ts';
import { countWatchers } from './server/api/watchers.ts';
import { createApp } from './server/app.ts';
import { startPurging } from './server/bytes/purge-rounds.ts';
import { createThumbnails } from './server/bytes/thumbnails.ts';
import { createUploads } from './server/bytes/uploads.ts';
import { examine } from './server/doctor/doctor.ts';
import { createEdgeSessions } from './server/edges/edge-sessions.ts';
import { createEdgeSockets } from './server/edges/edge-sockets.ts';
import { createExamples } from './server/examples.ts';
import { closedDoor, frontDoor } from './server/front-door.ts';
import { type HttpServer, listen } from './server/http-server.ts';
import { createAccounts } from './server/identity/accounts.ts';
import { createAuthenticate } from './server/identity/authenticate.ts';
import { createGates } from './server/identity/gates.ts';
import { houseSuccession, keepLocalOwner } from './server/identity/local-owner.ts';
import { OpenConnections } from './server/identity/open-connections.ts';
import { ownOrigins } from './server/identity/own-origin.ts';
import { agreeAlone, agreeBy } from './server/identity/shared-secrets.ts';
import { createSocketGates } from './server/identity/socket-gates.ts';
import { welcomeLink } from './server/identity/welcome.ts';
import { startLocalFleet } from './server/local-edges/local-fleet.ts';
import { createMediaReader } from './server/media/index.ts';
import { version } from './server/pages/document-routes.ts';
import { rateLimit } from './server/rate-limit.ts';
import { type ModelPull, watchPulls, whenReady } from './server/readiness.ts';
import type { RouteInfo } from './server/route-table.ts';
import type { Services } from './server/services.ts';
import { openStorage } from './storage.ts';

export type { ModelPull } from './server/readiness.ts';

export interface CoordinatorOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly dataFolder: string;
  /** Local edges of a fleet's file instead of the single one. */
  readonly fleetFile?: string | undefined;
  /** False starts no edge on this machine. */
  readonly localEdge: boolean;
  /** Another PostgreSQL instead of the embedded one. */
  readonly databaseUrl?: string | undefined;
  /** Nothing is downloaded. */
  readonly offline?: boolean | undefined;
  /** Without one, logs go to `logs/coordinator.log` in the data folder. */
  readonly log?: Logger | undefined;
  /** The local edges' store of models; `models` in the data folder otherwise. */
  readonly modelsFolder?: string | undefined;
  /** Modules that export `tasks` and `serviceKinds` (and, for edges, `drivers` and `services`). */
  readonly tasks?: readonly string[] | undefined;
  /** Threads for computing that each local edge may use. */
  readonly threads?: number | undefined;
  /** Further origins under which the studio is reached, such as `https://atelier.example.org`. */
  readonly origins?: readonly string[] | undefined;
  /** Where artifacts are kept: `s3://bucket/prefix`, the whole path of a folder that coordinators share, or the folder `artifacts` in the data folder. Keys come from the environment (docs/storage.md). */
  readonly storage?: string | undefined;
  /** Bytes of files that each person may have uploaded; limits.uploadedBytesPerPerson otherwise. */
  readonly uploadQuotaBytes?: number | undefined;
  /** Bytes of disk that stay free; limits.diskReserveBytes or diskReserveShare otherwise. */
  readonly diskReserveBytes?: number | undefined;
  /** Lets anybody ask `/predict/` for a film of two words; its runs are the owner's. */
  readonly publicPredict?: boolean | undefined;
}

export interface Coordinator {
  readonly url: string;
  /** The one-time link for the first owner; undefined if there is one. */
  readonly welcomeUrl: string | undefined;
  /** Where the embedded database lies if that is not in the data folder: who copies or deletes one must know of the other. */
  readonly databaseOutside: string | undefined;
  /** Resolves when chains can run: each starter task has an offer with verified files. */
  readonly ready: Promise<void>;
  /** Tells how far models are that an edge is bringing, and which could not be brought. @returns stops telling */
  onPull(listener: (pull: ModelPull) => void): () => void;
  /** Every way in over HTTP and WebSocket, with its policy. */
  listRoutes(): RouteInfo[];
  /** Stops local edges, sockets, core and database. Runs go on after the next start. */
  close(): Promise<void>;
}

/**
 * Starts a coordinator. Returns when everything but the models is there; `/livez` answers earlier.
 * @throws AtelierError `port-in-use`, `conflict` if a coordinator has the data folder, `forbidden` if it cannot be written
 */
export async function startCoordinator(options: CoordinatorOptions): Promise<Coordinator> {
  const started = new Started();
  try {
    const data = await openDataFolder(options.dataFolder);
    started.closeLast(() => data.release());
    const logs = join(data.path, 'logs');
    await mkdir(logs, { recursive: true, mode: 0o700 });
    const log = options.log ?? fileLog(logs);
    await loadTasks(options.tasks ?? []);
    let door = closedDoor;
    const server = await listen(options, () => door);
    started.closeLast(() => server.close());
    const parts = await openParts(options, { dataFolder: data.path, home: data.home, log, server, started });
    door = parts.door;
    // First of all on closing: what comes now is told to come later.
    started.closeLast(() => {
      door = closedDoor;
    });
    await data.announce(server.url);
    return parts.coordinator;
  } catch (thrown) {
    await started.close();
    throw thrown;
  }
}

/** What has been started, closed in the opposite order. */
class Started {
  readonly #closers: (() => void | Promise<void>)[] = [];
  #closing: Promise<void> | undefined;

  closeLast(closer: () => void | Promise<void>): void {
    this.#closers.push(closer);
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    const failures: unknown[] = [];
    for (const closer of this.#closers.reverse()) {
      try {
        await closer();
      } catch (thrown) {
        failures.push(thrown);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}

interface Ground {
  readonly dataFolder: string;
  readonly home: string;
  readonly log: Logger;
  readonly server: HttpServer;
  readonly started: Started;
}

/** Database, storage and what edges and other coordinators speak with: all that the core stands on. */
async function openFoundations(options: CoordinatorOptions, { dataFolder, home, log, server, started }: Ground) {
  const database = await openDatabase({ dataFolder, databaseUrl: options.databaseUrl });
  started.closeLast(() => database.close());
  await migrate(database);
  const agree = options.databaseUrl ? agreeBy(database, log) : agreeAlone;
  const tickets = await createTicketSigner(join(dataFolder, 'ticket-key.json'), (own) => agree('tickets', own));
  const storage = await openStorage({ storage: options.storage, home, dataFolder, database, diskReserveBytes: options.diskReserveBytes });
  const cluster = new Cluster({ database, log, home, url: server.url, version, storage: storage.place, aliveMs: designTimes.leaseMs });
  await cluster.open();
  started.closeLast(() => cluster.close());
  const quota = new Quota(database, options.uploadQuotaBytes ?? limits.uploadedBytesPerPerson, () => cluster.hasOthers());
  return { database, agree, tickets, storage, artifacts: storage.artifacts, cluster, quota };
}

type Foundations = Awaited<ReturnType<typeof openFoundations>>;

/** The core, with the sockets of its edges. */
async function openCore(options: CoordinatorOptions, { dataFolder, log, started }: Ground, foundations: Foundations) {
  const { tickets } = foundations;
  const edgeSessions = createEdgeSessions();
  const transfers = new OpenTransfers();
  let running: Core | undefined;
  const sockets = createEdgeSockets({
    core: () => {
      if (running) return running;
      throw new AtelierError('unavailable', 'The coordinator is still starting.');
    },
    sessions: edgeSessions,
    tickets,
    transfers,
    log,
    isProxied: (options.origins ?? []).length > 0,
  });
  const catalogue = await readCatalogue(dataFolder, log);
  const core = await startCore({ ...foundations, link: sockets, catalogue, succeed: houseSuccession(dataFolder), log });
  running = core;
  started.closeLast(() => core.close());
  started.closeLast(() => sockets.close());
  return { core, sockets, edgeSessions, transfers };
}

async function openParts(options: CoordinatorOptions, ground: Ground) {
  const { dataFolder, home, log, server, started } = ground;
  const foundations = await openFoundations(options, ground);
  const { database, agree, tickets, storage, artifacts, quota } = foundations;
  const { core, sockets, edgeSessions, transfers } = await openCore(options, ground, foundations);
  const media = createMediaReader();
  started.closeLast(() => media.close());
  const uploads = await createUploads({
    ...{ database, artifacts, core, media, quota, dataFolder, log },
    diskReserveBytes: options.diskReserveBytes,
  });
  started.closeLast(() => uploads.close());
  const origins = ownOrigins(options.host, options.origins);
  const accounts = await createAccounts({ database, origins, url: server.url, dataFolder, log, agree });
  await keepLocalOwner({ accounts, database, dataFolder, home });
  const thumbnails = createThumbnails(artifacts, media, dataFolder);
  const purging = startPurging({ core, thumbnails, log });
  started.closeLast(() => purging.close());
  const databaseOutside = outsideOf(dataFolder, database.folder);
  const doctor = () => examine({ core, dataFolder, databaseOutside, version, storage });
  const watchers = countWatchers();
  const authenticate = createAuthenticate({ accounts, database, edgeSessions });
  const connections = new OpenConnections(authenticate);
  const watchSockets = createWatchSockets({ core, authenticate, watchers, log });
  started.closeLast(() => watchSockets.close());
  const services: Services = {
    core,
    database,
    accounts,
    artifacts,
    tickets,
    sockets,
    watchSockets,
    watchers,
    connections,
    uploads,
    thumbnails,
    media,
    publicLimit: rateLimit(publicPerMinute, 60_000),
    publicPredict: options.publicPredict === true,
    examples: createExamples(),
    origins,
    purging,
    doctor,
    dataFolder,
    listens: { host: options.host, port: Number(new URL(server.url).port) },
    url: server.url,
    log,
  };
  const app = createApp(services, createGates({ authenticate, connections, origins, tickets, transfers, core }), createSocketGates(connections));
  const fleet = await startLocalFleet({ ...options, dataFolder, database, core, url: server.url, log });
  started.closeLast(() => fleet.close());
  const coordinator: Coordinator = {
    url: server.url,
    welcomeUrl: await welcomeLink(database, server.url),
    databaseOutside,
    ready: whenReady(core, started),
    onPull: (listener) => watchPulls(core, log, listener),
    listRoutes: app.listRoutes,
    close: () => started.close(),
  };
  return { coordinator, door: frontDoor(app, origins, log) };
}

/** The folder of a database that does not lie in the data folder. */
function outsideOf(dataFolder: string, databaseFolder: string | undefined): string | undefined {
  return databaseFolder !== undefined && dirname(databaseFolder) !== resolve(dataFolder) ? databaseFolder : undefined;
}

/** A page of the public gallery asks for some hundred small pictures. */
const publicPerMinute = 1_200;

function fileLog(folder: string): Logger {
  const destination = pino.destination({ dest: join(folder, 'coordinator.log'), mode: 0o600, sync: true });
  return pino({ level: process.env.ATELIER_LOG_LEVEL ?? 'info' }, destination);
}

async function readCatalogue(dataFolder: string, log: Logger) {
  const { entries, problems } = await loadCatalogue([starterModelsFolder, join(dataFolder, 'manifests')]);
  for (const problem of problems) log.warn({ code: problem.code }, problem.message);
  return [...entries.values()].map((entry) => entry.manifest);
}

/** Declares the tasks and kinds of services of further modules, unless an earlier start in this process did. */
async function loadTasks(modules: readonly string[]): Promise<void> {
  for (const module of modules) {
    const found = (await import(pathToFileURL(resolve(module)).href)) as { tasks?: readonly TaskDeclaration[]; serviceKinds?: readonly ServiceKind[] };
    const known = new Set(listTasks().map((task) => task.name));
    for (const task of found.tasks ?? []) if (!known.has(task.name)) registerTask(task);
    for (const kind of found.serviceKinds ?? []) registerServiceKind(kind);
  }
}
