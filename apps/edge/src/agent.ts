import { mkdir, rm, statfs } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { type FolderStore, folderStore, possessionProof } from '@atelier/artifacts';
import { guarded, inBackground } from '@atelier/background';
import { lockFolder } from '@atelier/folder-lock';
import { AtelierError, type EdgeInfo, edgeProtocolVersion, type FromEdge, type ToEdge } from '@atelier/protocol';
import type { Logger } from 'pino';
import { type Identity, joinAgain, openIdentity } from './identity/identity.ts';
import { CoordinatorLink, type Welcome } from './link/coordinator-link.ts';
import { createLog } from './log.ts';
import { giveBackMemory } from './memory.ts';
import { ModelShelf } from './models/shelf.ts';
import { type EdgeOptions, type EdgeSettings, machineMemory, readSettings } from './settings.ts';
import { SimulatedLinks } from './simulation/simulation.ts';
import { describeDevices } from './slots/devices.ts';
import type { DeviceReport } from './slots/slot-messages.ts';
import { SlotPool } from './slots/slot-pool.ts';
import { targetOf } from './transfer/credentials.ts';
import { fetchingOptions, isLoopback } from './transfer/fetching.ts';
import { Giving } from './transfer/giving.ts';
import { type Listener, startListener } from './transfer/listener.ts';
import { Relay } from './transfer/relay.ts';
import { version } from './version.ts';
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
const devicesMs = 5_000;
const modelsEveryMs = 500;
const resendMs = 10_000;
const tidyAfterMs = 20_000;

/**
 * Starts an edge in its folder: takes the folder's lock, joins where it has not yet, and dials the coordinator.
 * Resolves once it is set up, connected or not.
 * @throws AtelierError `conflict` where an edge runs there, `unauthenticated` where it cannot join, `invalid-input` for settings
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

class Agent implements Edge {
  readonly #parts: AgentParts;
  readonly #links: SimulatedLinks;
  readonly #outbox: Outbox;
  readonly #shelf: ModelShelf;
  readonly #pool: SlotPool;
  readonly #attempts: Attempts;
  readonly #relay: Relay;
  readonly #closed = Promise.withResolvers<void>();
  readonly #giving: Giving;
  #link: CoordinatorLink | undefined;
  #listener: Listener | undefined;
  #devices: DeviceReport[] = [];
  #draining = false;
  #stopping: Promise<void> | undefined;
  #impatient = new AbortController();
  #joinedAgain = false;
  #diskFreeBytes = 0;
  #heart: NodeJS.Timeout | undefined;
  #resend: NodeJS.Timeout | undefined;
  #modelsDue: NodeJS.Timeout | undefined;
  #tidy: NodeJS.Timeout | undefined;
  #collecting = false;

  constructor(parts: AgentParts) {
    this.#parts = parts;
    const { settings, log, store } = parts;
    this.#links = new SimulatedLinks(settings.simulation);
    this.#outbox = new Outbox(join(settings.folder, 'results'), log);
    this.#shelf = new ModelShelf({ ...settings, own: settings.ownManifests, wanted: settings.wantedModels, log, onChange: () => this.#modelsChanged() });
    this.#pool = new SlotPool({ ...settings, log, speed: settings.simulation?.speed, onLoadedChange: () => this.#modelsChanged() });
    this.#giving = new Giving({ clock: () => this.#link?.clock.now(), isInTouch: () => this.#link?.isInTouch === true });
    this.#relay = new Relay({
      store,
      log,
      target: () => targetOf(this.#link),
      pace: (bytes) => this.#links.pace('coordinator', bytes),
      send: (message) => this.#send(message),
    });
    this.#attempts = new Attempts({
      tools: {
        store,
        pool: this.#pool,
        findModel: (modelId) => this.#shelf.find(modelId),
        transferOptions: (signal) => fetchingOptions({ link: this.#link, links: this.#links }, signal),
        makeRoom: () => this.#collect(settings.artifactQuotaBytes / 2),
        workFolder: join(settings.folder, 'work'),
        threads: settings.threads,
      },
      outbox: this.#outbox,
      log,
      most: settings.slots * 4 + 16,
      send: (message) => this.#send(message),
      sendPassing: (message) => this.#link?.sendPassing(message),
      onEnd: () => {
        this.#tidyWhenIdle(tidyAfterMs);
        inBackground(log, 'the artifact cache could not be tidied', this.#collect(settings.artifactQuotaBytes));
      },
    });
    this.#closed.promise.catch(() => undefined);
  }

  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  async start(identity: Identity): Promise<void> {
    const { settings, log, store } = this.#parts;
    // What an earlier process left half done is done anew.
    await rm(join(settings.folder, 'work'), { recursive: true, force: true });
    await mkdir(join(settings.folder, 'work'), { recursive: true });
    await this.#outbox.open((hash) => store.has(hash));
    await this.#shelf.open();
    const listen = settings.listen ?? (isLoopback(identity.coordinatorUrl) ? '127.0.0.1:0' : 'off');
    if (listen !== 'off') this.#listener = await startListener({ listen, store, name: settings.name, log, giving: this.#giving });
    await this.#askDevices();
    await this.#measureDisk();
    this.#link = new CoordinatorLink({
      identity,
      log,
      delayMs: this.#links.messageDelayMs,
      events: {
        onWelcome: (welcome) => this.#onWelcome(welcome),
        onMessage: (message) => this.#onMessage(message),
        onRoundTrip: (seconds) => this.#send({ kind: 'link', from: 'coordinator', bytes: 0, seconds: 0, latencySeconds: seconds }),
        onRefused: (error) => this.#onRefused(error),
      },
    });
    this.#link.closed.catch((error: unknown) => this.#fail(error));
    this.#tidyWhenIdle(1_000);
    this.#resend = setInterval(
      guarded(log, 'results could not be sent again', () => this.#sendFinished()),
      resendMs,
    );
  }

  async drain(): Promise<void> {
    if (this.#draining) this.#impatient.abort();
    this.#draining = true;
    this.#heartbeat();
    this.#parts.log.info({ running: this.#attempts.count }, 'draining');
    this.#stopping ??= this.#drainAndClose();
    await this.#stopping;
  }

  async close(): Promise<void> {
    this.#stopping ??= this.#close();
    this.#impatient.abort();
    await this.#stopping;
  }

  async #drainAndClose(): Promise<void> {
    await within(drainMs, this.#attempts.idle(), this.#impatient.signal);
    await this.#attempts.stopAll(
      new AtelierError('edge-lost', 'The edge was stopped before the step had ended.', { hint: 'The step is tried again elsewhere.' }),
    );
    // A moment for acknowledgements; what is not acknowledged stays on disk and is sent at the next start.
    for (let tick = 0; tick < 40 && this.#link?.connected && this.#outbox.all.length > 0; tick++) await within(50, new Promise(() => undefined));
    await this.#close();
  }

  async #close(): Promise<void> {
    clearInterval(this.#heart);
    clearInterval(this.#resend);
    clearTimeout(this.#modelsDue);
    clearTimeout(this.#tidy);
    this.#relay.close();
    await Promise.all([this.#attempts.stopAll(null), this.#shelf.close(), this.#listener?.close(), this.#link?.close()]);
    await this.#pool.close();
    await this.#parts.release();
    this.#parts.log.info('stopped');
    this.#closed.resolve();
  }

  #fail(error: unknown): void {
    this.#closed.reject(error);
    inBackground(this.#parts.log, 'the edge could not be stopped in order', this.close());
  }

  #onWelcome(welcome: Welcome): FromEdge[] {
    this.#giving.welcomed(welcome);
    clearInterval(this.#heart);
    this.#heart = setInterval(
      guarded(this.#parts.log, 'a heartbeat could not be sent', () => this.#heartbeat()),
      welcome.heartbeatMs,
    );
    const hello: FromEdge = {
      kind: 'hello',
      protocolVersion: edgeProtocolVersion,
      info: this.#info(),
      models: this.#shelf.views(this.#pool.loaded),
      holding: this.#attempts.holding,
    };
    return [hello, ...this.#attempts.again()];
  }

  #onMessage(message: ToEdge): void {
    this.#act(message).catch((error: unknown) => {
      this.#parts.log.error({ kind: message.kind, error: AtelierError.from(error).toJSON() }, 'a message could not be followed');
    });
  }

  async #act(message: ToEdge): Promise<void> {
    switch (message.kind) {
      case 'work':
        return this.#attempts.accept(message.order, this.#draining ? stopping() : null);
      case 'cancel':
        return this.#attempts.cancel(message.attemptId);
      case 'ack':
        return this.#attempts.acknowledge(message.attemptId);
      case 'store':
        return this.#relay.store(message.hash);
      case 'prove':
        return this.#prove(message);
      case 'pull-model':
        return this.#shelf.add(message.manifest);
      case 'remove-model':
        await this.#shelf.remove(message.modelId);
        return this.#pool.forget(message.modelId);
      case 'revoked':
        return this.#giving.revoke(message.edgeIds);
      case 'drain':
        if (!this.#stopping) this.#draining = message.on;
        return this.#heartbeat();
      case 'welcome':
      case 'error':
        return;
    }
  }

  /** Shows that the bytes which a result names are held here. */
  async #prove({ attemptId, fence, nonce, hashes }: Extract<ToEdge, { kind: 'prove' }>): Promise<void> {
    const proofs = [];
    for (const hash of hashes) proofs.push({ hash, hmac: await possessionProof(this.#parts.store, hash, nonce).catch(() => null) });
    this.#send({ kind: 'proof', attemptId, fence, nonce, proofs });
  }

  async #onRefused(error: AtelierError): Promise<Identity | null> {
    const { settings, joining, log } = this.#parts;
    if (this.#joinedAgain || !joining?.token) return null;
    this.#joinedAgain = true;
    log.warn({ error: error.toJSON() }, 'the studio does not know this edge: joining again');
    return joinAgain(settings.folder, settings.name, { url: joining.url, token: joining.token }).catch((cause: unknown) => {
      log.error({ error: AtelierError.from(cause).toJSON() }, 'joining again failed');
      return null;
    });
  }

  #send(message: FromEdge): boolean {
    if (message.kind === 'result') for (const output of message.outputs) this.#relay.note(output.hash, output.mediaType);
    return this.#link?.send(message) ?? false;
  }

  /** Sending again what the other side may have lost; hearing it twice does no harm there. */
  #sendFinished(): void {
    for (const finished of this.#outbox.all) this.#send(finished);
  }

  #heartbeat(): void {
    inBackground(this.#parts.log, 'the free disk could not be measured', this.#measureDisk());
    this.#send({ kind: 'heartbeat', holding: this.#attempts.holding, diskFreeBytes: this.#diskFreeBytes, draining: this.#draining });
  }

  /** The first change is told at once, later ones twice a second. */
  #modelsChanged(): void {
    const tell = () => {
      this.#modelsDue = undefined;
      this.#send({ kind: 'models', models: this.#shelf.views(this.#pool.loaded) });
    };
    this.#modelsDue ??= setTimeout(guarded(this.#parts.log, 'a change of models could not be told', tell), modelsEveryMs);
  }

  #info(): EdgeInfo {
    const { settings } = this.#parts;
    return {
      name: settings.name,
      version,
      platform: `${process.platform}-${process.arch}`,
      cpu: cpus()[0]?.model.trim() || 'unknown',
      cores: availableParallelism(),
      slots: settings.slots,
      memoryBytes: machineMemory(),
      modelMemoryBytes: settings.modelMemoryBytes,
      diskFreeBytes: this.#diskFreeBytes,
      transferUrl: this.#listener ? (settings.transferUrl ?? this.#listener.url) : null,
      devices: this.#devices,
      position: settings.position,
      simulated: settings.simulation !== undefined,
    };
  }

  /** The first start of a release takes a few seconds for it; connecting waits no longer than that. */
  async #askDevices(): Promise<void> {
    const { settings, log } = this.#parts;
    const drivers = [...new Set(this.#shelf.views(new Set()).map(({ manifest }) => manifest.driver))];
    const asked = describeDevices(settings.folder, `${version} ${process.version} ${process.env.ATELIER_DEVICE ?? ''}`, drivers, settings).then(
      (devices) => {
        this.#devices = devices;
      },
      (error: unknown) => log.warn({ error: AtelierError.from(error).toJSON() }, 'devices are not known'),
    );
    await within(devicesMs, asked);
  }

  async #measureDisk(): Promise<void> {
    const { bavail, bsize } = await statfs(this.#parts.settings.folder);
    this.#diskFreeBytes = bavail * bsize;
  }

  #tidyWhenIdle(afterMs: number): void {
    clearTimeout(this.#tidy);
    this.#tidy = setTimeout(() => this.#attempts.count === 0 && giveBackMemory(), afterMs);
    this.#tidy.unref();
  }

  /** Keeps the artifacts under their quota; what is needed stays. */
  async #collect(quotaBytes: number): Promise<void> {
    if (this.#collecting) return;
    this.#collecting = true;
    try {
      const gone = await this.#parts.store.collect(quotaBytes, (hash) => this.#outbox.needs(hash) || this.#attempts.needs(hash) || this.#relay.needs(hash));
      if (gone.length > 0) this.#parts.log.info({ artifacts: gone.length }, 'artifacts left the cache');
    } catch (error) {
      this.#parts.log.warn({ error: AtelierError.from(error).toJSON() }, 'the artifact cache could not be tidied');
    } finally {
      this.#collecting = false;
    }
  }
}

function taken(folder: string, pid: number | null): AtelierError {
  return new AtelierError('conflict', `An edge runs in ${folder} already${pid === null ? '' : `, as process ${pid}`}.`, {
    hint: 'Stop it first, or give this one another --folder.',
  });
}

function stopping(): AtelierError {
  return new AtelierError('edge-lost', 'The edge is stopping.', { hint: 'The step is tried elsewhere.' });
}
