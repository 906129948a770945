import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type FolderStore, folderStore, presentToken } from '@atelier/artifacts';
import { inBackground } from '@atelier/background';
import { lockFolder } from '@atelier/folder-lock';
import { AtelierError, controlAbility } from '@atelier/protocol';
import type { Logger } from 'pino';
import { type Identity, openIdentity } from './identity/identity.ts';
import { Session } from './link/session.ts';
import { createLog } from './log.ts';
import { ModelShelf } from './models/shelf.ts';
import { askKinds } from './services/own-kinds.ts';
import { Services } from './services/services.ts';
import { type EdgeOptions, type EdgeSettings, readSettings } from './settings.ts';
import { SimulatedLinks } from './simulation/simulation.ts';
import { SlotPool } from './slots/slot-pool.ts';
import { targetOf } from './transfer/credentials.ts';
import { fetchingOptions, isLoopback } from './transfer/fetching.ts';
import { Giving } from './transfer/giving.ts';
import { type Listener, startListener } from './transfer/listener.ts';
import { Relay } from './transfer/relay.ts';
import { Streams } from './transfer/streams.ts';
import { Upkeep } from './upkeep/upkeep.ts';
import { within } from './within.ts';
import { Attempts } from './work/attempts.ts';
import { Outbox } from './work/outbox.ts';

/** A running edge. */
export interface Edge {
  /** Resolves when it has stopped; rejects where the coordinator refuses it for good. */
  readonly closed: Promise<void>;
  /** Takes no more steps, lets running ones end for at most 30 s, then closes. Steps that did not end are reported as `edge-lost`. A second call does not wait. */
  drain(): Promise<void>;
  /** Stops at once: running steps are dropped without a word; finished ones stay on disk for the next start. */
  close(): Promise<void>;
}

const drainMs = 30_000;

/**
 * Starts an edge in its folder: takes the folder's lock, joins where it has not yet, and dials the coordinator.
 * Resolves once it is set up, connected or not.
 * @throws AtelierError `conflict` if an edge runs there, `unauthenticated` if it cannot join, `invalid-input` for settings
 * @example const edge = await runEdge({ folder: '/data/edge', join: { url: 'http://studio:4747', token } }); await edge.closed;
 */
export async function runEdge(options: EdgeOptions & { readonly log?: Logger | undefined }): Promise<Edge> {
  const log = options.log ?? createLog();
  const settings = await readSettings(options);
  const lock = await lockFolder(settings.folder, 'edge');
  if (lock.kind === 'held') throw taken(settings.folder, lock.pid);
  try {
    const identity = await openIdentity(settings.folder, settings.name, options.join);
    const store = await folderStore(join(settings.folder, 'artifacts'), { endures: 'process end' });
    const agent = new Agent({ settings, log, store, joining: options.join, release: () => lock.release() });
    await agent.start(identity);
    return agent;
  } catch (error) {
    await lock.release();
    throw error;
  }
}

interface AgentParts {
  readonly settings: EdgeSettings;
  readonly log: Logger;
  readonly store: FolderStore;
  readonly joining: EdgeOptions['join'];
  release(): Promise<void>;
}

/** What an edge is made of: the session speaks with the coordinator, attempts run steps in slots, services are kept alive, upkeep looks after the machine. */
class Agent implements Edge {
  readonly #parts: AgentParts;
  readonly #links: SimulatedLinks;
  readonly #outbox: Outbox;
  readonly #shelf: ModelShelf;
  readonly #pool: SlotPool;
  readonly #attempts: Attempts;
  readonly #services: Services;
  readonly #relay: Relay;
  readonly #giving: Giving;
  readonly #upkeep: Upkeep;
  readonly #session: Session;
  readonly #closed = Promise.withResolvers<void>();
  readonly #impatient = new AbortController();
  #listener: Listener | undefined;
  #stopping: Promise<void> | undefined;

  constructor(parts: AgentParts) {
    this.#parts = parts;
    const { settings, log, store } = parts;
    const session = new Session(() => ({
      ...parts,
      outbox: this.#outbox,
      shelf: this.#shelf,
      pool: this.#pool,
      attempts: this.#attempts,
      services: this.#services,
      relay: this.#relay,
      giving: this.#giving,
      upkeep: this.#upkeep,
    }));
    this.#session = session;
    this.#links = new SimulatedLinks(settings.simulation);
    this.#outbox = new Outbox(join(settings.folder, 'results'), log);
    this.#shelf = new ModelShelf({ ...settings, own: settings.ownManifests, wanted: settings.wantedModels, log, onChange: () => session.modelsChanged() });
    this.#services = new Services({
      ...settings,
      log,
      send: (message) => session.send(message),
      present: (request) => presentToken(targetOf(session.link).prove, request),
    });
    const services = this.#services;
    this.#pool = new SlotPool({
      ...settings,
      log,
      // What services may hold models cannot have.
      get modelMemoryBytes() {
        return settings.modelMemoryBytes - services.memoryBytes;
      },
      speed: settings.simulation?.speed,
      onLoadedChange: () => session.modelsChanged(),
    });
    this.#giving = new Giving({ clock: () => session.link?.clock.now(), isInTouch: () => session.link?.isInTouch === true });
    this.#relay = new Relay({
      store,
      log,
      target: () => targetOf(session.link),
      pace: (bytes) => this.#links.pace('coordinator', bytes),
      send: (message) => session.send(message),
    });
    this.#upkeep = new Upkeep({
      settings,
      log,
      store,
      needs: (hash) => this.#outbox.needs(hash) || this.#attempts.needs(hash) || this.#relay.needs(hash),
      isIdle: () => this.#attempts.count === 0,
    });
    this.#attempts = this.#createAttempts();
    this.#closed.promise.catch(() => undefined);
  }

  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  async start(identity: Identity): Promise<void> {
    const { settings, log, store } = this.#parts;
    // What an earlier process left half done is done again.
    await rm(join(settings.folder, 'work'), { recursive: true, force: true });
    await mkdir(join(settings.folder, 'work'), { recursive: true });
    await this.#outbox.open((hash) => store.has(hash));
    await this.#shelf.open();
    const listen = settings.listen ?? (isLoopback(identity.coordinatorUrl) ? '127.0.0.1:0' : 'off');
    const streams = new Streams({ giving: this.#giving, reach: (serviceId) => this.#services.reach(serviceId), log });
    if (listen !== 'off') this.#listener = await startListener({ listen, store, name: settings.name, log, giving: this.#giving, streams });
    const drivers = [...new Set(this.#shelf.views(new Set()).map(({ manifest }) => manifest.driver))];
    const [kinds] = await Promise.all([askKinds({ ...settings, log }), this.#upkeep.askDevices(drivers)]);
    await this.#services.open(kinds);
    await this.#upkeep.measureDisk();
    const transferUrl = this.#listener ? (settings.transferUrl ?? this.#listener.url) : null;
    this.#session.open({ identity, delayMs: this.#links.messageDelayMs, transferUrl }, (error) => this.#fail(error));
    this.#upkeep.tidyWhenIdle(1_000);
  }

  async drain(): Promise<void> {
    if (this.#session.isDraining) this.#impatient.abort();
    this.#session.drain();
    this.#parts.log.info({ running: this.#attempts.count }, 'draining');
    this.#stopping ??= this.#drainAndClose();
    await this.#stopping;
  }

  async close(): Promise<void> {
    this.#stopping ??= this.#close();
    this.#impatient.abort();
    await this.#stopping;
  }

  #createAttempts(): Attempts {
    const { settings, log, store } = this.#parts;
    return new Attempts({
      tools: {
        store,
        pool: this.#pool,
        findModel: (modelId) => this.#shelf.find(modelId),
        transferOptions: (signal) => fetchingOptions({ link: this.#session.link, links: this.#links }, signal),
        makeRoom: () => this.#upkeep.collect(settings.artifactQuotaBytes / 2),
        workFolder: join(settings.folder, 'work'),
        threads: settings.threads,
        log,
      },
      outbox: this.#outbox,
      log,
      most: settings.slots * 4 + 16,
      send: (message) => this.#session.send(message),
      sendPassing: (message) => this.#session.sendPassing(message),
      isSteered: () => this.#session.link?.welcome?.abilities.includes(controlAbility) === true,
      onEnd: () => {
        this.#upkeep.tidyWhenIdle();
        inBackground(log, 'the artifact cache could not be tidied', this.#upkeep.collect());
      },
    });
  }

  async #drainAndClose(): Promise<void> {
    await within(drainMs, this.#attempts.idle(), this.#impatient.signal);
    await this.#attempts.stopAll(
      new AtelierError('edge-lost', 'The edge was stopped before the step had ended.', { hint: 'The step is tried again elsewhere.' }),
    );
    // A moment for acknowledgements; what is not acknowledged stays on disk and is sent at the next start.
    for (let tick = 0; tick < 40 && this.#session.link?.connected && this.#outbox.all.length > 0; tick++) await within(50, new Promise(() => undefined));
    await this.#close();
  }

  async #close(): Promise<void> {
    this.#upkeep.close();
    this.#relay.close();
    await Promise.all([this.#attempts.stopAll(null), this.#services.close(), this.#shelf.close(), this.#listener?.close(), this.#session.close()]);
    await this.#pool.close();
    await this.#parts.release();
    this.#parts.log.info('stopped');
    this.#closed.resolve();
  }

  #fail(error: unknown): void {
    this.#closed.reject(error);
    inBackground(this.#parts.log, 'the edge could not be stopped in order', this.close());
  }
}

function taken(folder: string, pid: number | null): AtelierError {
  return new AtelierError('conflict', `An edge runs in ${folder} already${pid === null ? '' : `, as process ${pid}`}.`, {
    hint: 'Stop it first, or give this one another --folder.',
  });
}
