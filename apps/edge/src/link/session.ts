import { availableParallelism, cpus } from 'node:os';
import { type FolderStore, possessionProof } from '@atelier/artifacts';
import { guarded, inBackground } from '@atelier/background';
import { AtelierError, controlAbility, type EdgeInfo, edgeProtocolVersion, type FromEdge, type ToEdge } from '@atelier/protocol';
import type { Logger } from 'pino';
import { type Identity, joinAgain } from '../identity/identity.ts';
import type { ModelShelf } from '../models/shelf.ts';
import type { Services } from '../services/services.ts';
import { type EdgeOptions, type EdgeSettings, machineMemory } from '../settings.ts';
import type { SlotPool } from '../slots/slot-pool.ts';
import type { Giving } from '../transfer/giving.ts';
import type { Relay } from '../transfer/relay.ts';
import type { Upkeep } from '../upkeep/upkeep.ts';
import { version } from '../version.ts';
import type { Attempts } from '../work/attempts.ts';
import type { Outbox } from '../work/outbox.ts';
import { CoordinatorLink, type Welcome } from './coordinator-link.ts';

const modelsEveryMs = 500;
const resendMs = 10_000;

/** What an edge speaks of with its coordinator. */
export interface SessionParts {
  readonly settings: EdgeSettings;
  readonly log: Logger;
  readonly store: FolderStore;
  readonly joining: EdgeOptions['join'];
  readonly outbox: Outbox;
  readonly shelf: ModelShelf;
  readonly pool: SlotPool;
  readonly attempts: Attempts;
  readonly services: Services;
  readonly relay: Relay;
  readonly giving: Giving;
  readonly upkeep: Upkeep;
}

/** How a session begins. */
export interface Opening {
  readonly identity: Identity;
  /** Milliseconds that each message takes longer, in a simulation. */
  readonly delayMs: number;
  /** Where other edges reach this one; null if they do not. */
  readonly transferUrl: string | null;
}

/** The conversation with the coordinator, over however many connections: what is told, what is heard, and what follows from it. */
export class Session {
  readonly #parts: () => SessionParts;
  #link: CoordinatorLink | undefined;
  #transferUrl: string | null = null;
  #isDraining = false;
  #isStopping = false;
  #hasJoinedAgain = false;
  #heart: NodeJS.Timeout | undefined;
  #resend: NodeJS.Timeout | undefined;
  #modelsDue: NodeJS.Timeout | undefined;

  /** @param parts is asked when something is said: they speak through this session, and are made after it */
  constructor(parts: () => SessionParts) {
    this.#parts = parts;
  }

  /** Undefined before it is opened. */
  get link(): CoordinatorLink | undefined {
    return this.#link;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Dials the coordinator. @param onEnd is told why it was refused for good */
  open({ identity, delayMs, transferUrl }: Opening, onEnd: (error: unknown) => void): void {
    const { log } = this.#parts();
    this.#transferUrl = transferUrl;
    this.#link = new CoordinatorLink({
      identity,
      log,
      delayMs,
      events: {
        onWelcome: (welcome) => this.#onWelcome(welcome),
        onMessage: (message) => this.#onMessage(message),
        onRoundTrip: (seconds) => this.send({ kind: 'link', from: 'coordinator', bytes: 0, seconds: 0, latencySeconds: seconds }),
        onRefused: (error) => this.#onRefused(error),
      },
    });
    this.#link.closed.catch(onEnd);
    this.#resend = setInterval(
      guarded(log, 'results could not be sent again', () => this.#sendFinished()),
      resendMs,
    );
  }

  /** @returns false if there is no connection now */
  send(message: FromEdge): boolean {
    if (message.kind === 'result') for (const output of message.outputs) this.#parts().relay.note(output.hash, output.mediaType);
    return this.#link?.send(message) ?? false;
  }

  sendPassing(message: FromEdge): void {
    this.#link?.sendPassing(message);
  }

  /** Takes no more work from now on. */
  drain(): void {
    this.#isDraining = true;
    this.#isStopping = true;
    this.#heartbeat();
  }

  /** The first change is told at once, later ones twice a second. */
  modelsChanged(): void {
    const tell = () => {
      this.#modelsDue = undefined;
      const { shelf, pool } = this.#parts();
      this.send({ kind: 'models', models: shelf.views(pool.loaded) });
    };
    this.#modelsDue ??= setTimeout(guarded(this.#parts().log, 'a change of models could not be told', tell), modelsEveryMs);
  }

  async close(): Promise<void> {
    clearInterval(this.#heart);
    clearInterval(this.#resend);
    clearTimeout(this.#modelsDue);
    await this.#link?.close();
  }

  #onWelcome(welcome: Welcome): FromEdge[] {
    const { giving, log, shelf, pool, attempts, services } = this.#parts();
    giving.welcomed(welcome);
    clearInterval(this.#heart);
    this.#heart = setInterval(
      guarded(log, 'a heartbeat could not be sent', () => this.#heartbeat()),
      welcome.heartbeatMs,
    );
    const hello: FromEdge = {
      kind: 'hello',
      protocolVersion: edgeProtocolVersion,
      info: this.#info(),
      models: shelf.views(pool.loaded),
      holding: attempts.holding,
      services: services.hello,
      abilities: [controlAbility],
    };
    return [hello, ...services.again(), ...attempts.again()];
  }

  #onMessage(message: ToEdge): void {
    this.#act(message).catch((error: unknown) => {
      this.#parts().log.error({ kind: message.kind, error: AtelierError.from(error).toJSON() }, 'a message could not be followed');
    });
  }

  async #act(message: ToEdge): Promise<void> {
    const { attempts, services, relay, shelf, pool, giving } = this.#parts();
    switch (message.kind) {
      case 'work':
        return attempts.accept(message.order, this.#isDraining ? stopping() : null);
      case 'control':
        return attempts.control(message);
      case 'cancel':
        return attempts.cancel(message.attemptId);
      case 'ack':
        return attempts.acknowledge(message.attemptId);
      case 'store':
        return relay.store(message.hash);
      case 'prove':
        return this.#prove(message);
      case 'service-start':
        return services.start(message.order, this.#isDraining ? noNewService() : null);
      case 'service-stop':
        return services.stop(message.serviceId);
      case 'service-place':
        return services.found(message);
      case 'pull-model':
        return shelf.add(message.manifest);
      case 'remove-model':
        await shelf.remove(message.modelId);
        return pool.forget(message.modelId);
      case 'revoked':
        return giving.revoke(message.edgeIds);
      case 'drain':
        if (!this.#isStopping) this.#isDraining = message.on;
        return this.#heartbeat();
      case 'welcome':
      case 'error':
        return;
    }
  }

  /** Shows that the bytes which a result names are held here. */
  async #prove({ attemptId, fence, nonce, hashes }: Extract<ToEdge, { kind: 'prove' }>): Promise<void> {
    const { store } = this.#parts();
    const proofs = [];
    for (const hash of hashes) proofs.push({ hash, hmac: await possessionProof(store, hash, nonce).catch(() => null) });
    this.send({ kind: 'proof', attemptId, fence, nonce, proofs });
  }

  async #onRefused(error: AtelierError): Promise<Identity | null> {
    const { settings, joining, log } = this.#parts();
    if (this.#hasJoinedAgain || !joining?.token) return null;
    this.#hasJoinedAgain = true;
    log.warn({ error: error.toJSON() }, 'the studio does not know this edge: joining again');
    return joinAgain(settings.folder, settings.name, { url: joining.url, token: joining.token }).catch((cause: unknown) => {
      log.error({ error: AtelierError.from(cause).toJSON() }, 'joining again failed');
      return null;
    });
  }

  /** Sending again what the other side may have lost; hearing it twice does no harm there. */
  #sendFinished(): void {
    for (const finished of this.#parts().outbox.all) this.send(finished);
  }

  #heartbeat(): void {
    const { log, upkeep, attempts, services } = this.#parts();
    inBackground(log, 'the free disk could not be measured', upkeep.measureDisk());
    this.send({ kind: 'heartbeat', holding: attempts.holding, services: services.held, diskFreeBytes: upkeep.diskFreeBytes, draining: this.#isDraining });
  }

  #info(): EdgeInfo {
    const { settings, upkeep } = this.#parts();
    return {
      name: settings.name,
      version,
      platform: `${process.platform}-${process.arch}`,
      cpu: cpus()[0]?.model.trim() || 'unknown',
      cores: availableParallelism(),
      slots: settings.slots,
      memoryBytes: machineMemory(),
      modelMemoryBytes: settings.modelMemoryBytes,
      diskFreeBytes: upkeep.diskFreeBytes,
      transferUrl: this.#transferUrl,
      devices: upkeep.devices,
      position: settings.position,
      simulated: settings.simulation !== undefined,
    };
  }
}

function stopping(): AtelierError {
  return new AtelierError('edge-lost', 'The edge is stopping.', { hint: 'The step is tried elsewhere.' });
}

function noNewService(): AtelierError {
  return new AtelierError('unavailable', 'The edge takes nothing new now.', { hint: 'Let it take work again, or choose another edge.' });
}
