import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { guarded } from '@atelier/background';
import {
  AtelierError,
  type FindService,
  limits,
  type ServiceFound,
  type ServiceHello,
  ServiceId,
  type ServiceOrder,
  type ServicePlace,
  type ServiceReport,
} from '@atelier/protocol';
import type { Logger } from 'pino';
import { Questions } from './questions.ts';
import { Service } from './service.ts';
import type { FromService, OwnKind, Way } from './service-ipc.ts';
import type { ServiceProcessOptions } from './service-process.ts';

export interface ServicesOptions extends ServiceProcessOptions {
  readonly log: Logger;
  /** The edge's own folder. */
  readonly folder: string;
  /** Services at a time. */
  readonly services: number;
  /** What models and services together may hold. */
  readonly modelMemoryBytes: number;
  send(message: ServiceReport | FindService): boolean;
  /** The headers that show a ticket with a proof of this edge's key for one request. */
  present(request: { readonly method: string; readonly url: string; readonly token: string }): Promise<Readonly<Record<string, string>>>;
  /** 0 to 1; given in tests. */
  readonly random?: (() => number) | undefined;
}

/** The longest path that every Unix takes for a socket (macOS: 104 bytes with the closing zero). */
const longestSocketPath = 100;
const logEveryMs = 2_000;

/** The services of this edge. The coordinator says which should run; here they are kept alive, also while it is away. */
export class Services {
  readonly #options: ServicesOptions;
  readonly #running = new Map<string, Service>();
  readonly #questions: Questions;
  /** What was told of each log last. */
  readonly #told = new Map<string, string>();
  #kinds: readonly OwnKind[] = [];
  #socketFolder = '';
  #logs: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: ServicesOptions) {
    this.#options = options;
    this.#questions = new Questions(options.log);
  }

  /** @param kinds that this edge can run */
  async open(kinds: readonly OwnKind[]): Promise<void> {
    this.#kinds = kinds.slice(0, limits.serviceKinds);
    const own = join(this.#options.folder, 'services');
    await rm(own, { recursive: true, force: true });
    if (kinds.length === 0) return;
    const fits = Buffer.byteLength(join(own, '0123456789ab-99999999')) <= longestSocketPath;
    if (fits) await mkdir(own, { recursive: true, mode: 0o700 });
    this.#socketFolder = fits ? own : await mkdtemp(join(tmpdir(), 'atelier-s-'));
    this.#logs = setInterval(
      guarded(this.#options.log, 'the logs of services could not be told', () => this.#tellLogs()),
      logEveryMs,
    );
  }

  get hello(): ServiceHello {
    return { kinds: this.#kinds.map(({ name }) => name), slots: this.#kinds.length === 0 ? 0 : this.#options.services, held: this.held };
  }

  get held(): ServiceHello['held'] {
    return [...this.#running.values()].map(({ id, fence }) => ({ serviceId: id, fence }));
  }

  /** What models cannot have: the most that the services here may hold. */
  get memoryBytes(): number {
    return [...this.#running.values()].reduce((sum, { kind, isOver }) => sum + (isOver ? 0 : kind.memoryBytes), 0);
  }

  /** What became of each, for a new connection. */
  again(): ServiceReport[] {
    return [...this.#running.values()].map((service) => service.report);
  }

  /** @param refusal why nothing new is begun, if so */
  start(order: ServiceOrder, refusal: AtelierError | null): void {
    const known = this.#running.get(order.serviceId);
    if (known) {
      known.fenceAgain(order.fence);
      return;
    }
    try {
      if (refusal) throw refusal;
      const kind = this.#admitted(order);
      this.#running.set(order.serviceId, new Service(order, kind, this.#needs()));
    } catch (thrown) {
      const { serviceId, fence, restarts } = order;
      const error = { ...AtelierError.from(thrown).toJSON() };
      this.#options.log.warn({ serviceId, error }, 'a service could not be started');
      this.#options.send({ kind: 'service', serviceId, fence, state: 'failed', restarts, error, log: '' });
    }
  }

  /** Ends it, tells so, and forgets it. */
  async stop(serviceId: ServiceId): Promise<void> {
    const service = this.#running.get(serviceId);
    if (!service) return;
    await service.stop();
    this.#forget(service);
  }

  /** The answer to a question for another service. */
  async found(message: ServiceFound): Promise<void> {
    const service = this.#running.get(message.serviceId);
    const isAsked = this.#questions.answered(message.serviceId, message.request);
    if (!service || !isAsked) return;
    try {
      if (!message.place) throw AtelierError.from(message.error);
      service.tell({ kind: 'way', request: message.request, way: await this.#wayTo(message.place) });
    } catch (thrown) {
      service.tell({ kind: 'no-way', request: message.request, error: AtelierError.from(thrown).toJSON() });
    }
  }

  /** Where a service listens now, and the fencing number that a ticket has to name. @throws AtelierError `not-found`, `unavailable`, `conflict` */
  reach(serviceId: string): { readonly path: string; readonly fence: number } {
    const service = this.#running.get(serviceId);
    if (service) return service.reach();
    throw new AtelierError('not-found', 'This service does not run here.', { hint: 'Ask the coordinator for a new ticket.' });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#logs);
    this.#questions.close();
    await Promise.all([...this.#running.values()].map((service) => service.stop()));
    this.#running.clear();
    if (this.#socketFolder) await rm(this.#socketFolder, { recursive: true, force: true });
  }

  #needs() {
    const { taskModules, environment, log } = this.#options;
    return {
      taskModules,
      environment,
      log,
      random: this.#options.random ?? Math.random,
      listenPath: (order: ServiceOrder, life: number) => this.#listenPath(order, life),
      changed: (service: Service) => this.#changed(service),
      find: (service: Service, question: Extract<FromService, { kind: 'find' }>) => this.#find(service, question),
    };
  }

  #listenPath({ serviceId }: ServiceOrder, life: number): string {
    // The last digits of an id are drawn at random.
    const name = `${serviceId.slice(-12)}-${life}`;
    return process.platform === 'win32' ? `\\\\.\\pipe\\atelier-service-${name}` : join(this.#socketFolder, name);
  }

  /** @throws AtelierError for what does not run here, or not now */
  #admitted(order: ServiceOrder): OwnKind {
    const kind = this.#kinds.find(({ name }) => name === order.service);
    if (!kind) throw new AtelierError('not-found', `This edge has nothing that runs services of the kind "${order.service}".`, { hint: kindHint });
    const running = [...this.#running.values()].filter(({ isOver }) => !isOver);
    if (running.length >= this.#options.services) {
      throw new AtelierError('unavailable', `This edge runs ${running.length} services, which is the most.`, {
        hint: 'Stop one, or give the edge more with "services" in its edge.yaml.',
      });
    }
    if (this.memoryBytes + kind.memoryBytes > this.#options.modelMemoryBytes) {
      throw new AtelierError('out-of-memory', `${order.service} may take ${Math.ceil(kind.memoryBytes / 1e6)} MB, and this edge has not so much left for it.`, {
        hint: 'Stop another service, or give the edge a larger --memory.',
      });
    }
    return kind;
  }

  #changed(service: Service): void {
    // What the coordinator has not ordered to end is ended by this edge's own end: the next start is told of.
    if (this.#isClosed) return;
    this.#told.set(service.id, service.words);
    this.#options.send(service.report);
  }

  #forget(service: Service): void {
    this.#running.delete(service.id);
    this.#told.delete(service.id);
  }

  #tellLogs(): void {
    for (const service of this.#running.values()) {
      const words = service.words;
      if (this.#told.get(service.id) === words) continue;
      if (this.#options.send(service.report)) this.#told.set(service.id, words);
    }
  }

  #find(service: Service, { request, target }: Extract<FromService, { kind: 'find' }>): void {
    const refuse = (error: AtelierError) => service.tell({ kind: 'no-way', request, error: error.toJSON() });
    const parsed = ServiceId.safeParse(target);
    if (!parsed.success) {
      refuse(new AtelierError('invalid-input', `"${target}" is no id of a service.`));
      return;
    }
    const isAsked = this.#questions.ask(service.id, request, (error) => refuse(error));
    if (!isAsked) return;
    const sent = this.#options.send({ kind: 'service-find', serviceId: service.id, fence: service.fence, request, target: parsed.data });
    if (sent) return;
    this.#questions.answered(service.id, request);
    refuse(new AtelierError('unavailable', 'This edge is not connected to its studio now.', { hint: 'Try again a little later.' }));
  }

  async #wayTo(place: ServicePlace): Promise<Way> {
    if (place.at === 'here') return { at: 'here', path: this.reach(place.serviceId).path };
    const { url, address, token } = place;
    return { at: 'edge', url, address, headers: await this.#options.present({ method: 'GET', url, token }) };
  }
}

const kindHint = 'Start the edge with --tasks and the module that brings it.';
