import { rm } from 'node:fs/promises';
import { guarded, inBackground } from '@atelier/background';
import { AtelierError, type ErrorBody, limits, type ServiceOrder, type ServiceReport } from '@atelier/protocol';
import type { Logger } from 'pino';
import { LastWords } from '../child/last-words.ts';
import { afterEnd } from './restart-policy.ts';
import type { FromService, OwnKind, ToService } from './service-ipc.ts';
import { ServiceProcess, type ServiceProcessOptions } from './service-process.ts';

export interface ServiceNeeds extends ServiceProcessOptions {
  readonly log: Logger;
  /** A path on which a life of a service may listen. */
  listenPath(order: ServiceOrder, life: number): string;
  /** Called at each change but of its log. */
  changed(service: Service): void;
  /** The process asks where another service is. */
  find(service: Service, question: Extract<FromService, { kind: 'find' }>): void;
  /** 0 to 1, for the jitter of restarts. */
  random(): number;
}

const askEveryMs = 5_000;

/** A service on this edge: keeps one process of it alive, until it is stopped or has failed. */
export class Service {
  readonly kind: OwnKind;
  readonly #needs: ServiceNeeds;
  readonly #words = new LastWords(limits.serviceLogBytes);
  #order: ServiceOrder;
  #state: ServiceReport['state'] = 'starting';
  #restarts: number;
  /** Why its process was ended by us. */
  #reason: ErrorBody | undefined;
  /** Why it was started again last, or has failed. */
  #error: ErrorBody | null = null;
  /** The order's fencing number is of this life; not so from a restart until the coordinator has given another one. */
  #isFenced = true;
  #quickEnds = 0;
  #process: ServiceProcess | undefined;
  #listenPath: string | null = null;
  #readyAt: number | undefined;
  /** Due: to be ready, to answer, or to begin again. */
  #due: NodeJS.Timeout | undefined;
  #asking: NodeJS.Timeout | undefined;
  #isStopping = false;

  constructor(order: ServiceOrder, kind: OwnKind, needs: ServiceNeeds) {
    this.#order = order;
    this.kind = kind;
    this.#needs = needs;
    this.#restarts = order.restarts;
    this.#begin();
  }

  get id() {
    return this.#order.serviceId;
  }

  get fence(): number {
    return this.#order.fence;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  get isOver(): boolean {
    return this.#state === 'failed' || this.#state === 'stopped';
  }

  /** The whole log as it stands. */
  get words(): string {
    return this.#words.toString();
  }

  get report(): ServiceReport {
    const { serviceId, fence } = this.#order;
    return { kind: 'service', serviceId, fence, state: this.#state, restarts: this.#restarts, error: this.#error, log: this.words };
  }

  /** Where this life listens. @throws AtelierError `unavailable` while there is none that may be reached, `conflict` for a kind that does not listen */
  reach(): { readonly path: string; readonly fence: number } {
    if (!this.kind.listens) throw new AtelierError('conflict', `Services of the kind ${this.kind.name} take no streams.`);
    if (this.#state === 'running' && this.#isFenced && this.#listenPath !== null) return { path: this.#listenPath, fence: this.fence };
    throw new AtelierError('unavailable', 'The service is not ready.', { hint: 'Ask for a new ticket in a moment: it is being started.' });
  }

  /** Another number for the same service: this life is known by it from now on. */
  fenceAgain(fence: number): void {
    if (fence <= this.#order.fence) return;
    this.#order = { ...this.#order, fence };
    this.#isFenced = true;
    this.#needs.changed(this);
  }

  tell(message: ToService): void {
    this.#process?.tell(message);
  }

  /** Ends it for good. Resolves when its process is gone. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#due);
    clearInterval(this.#asking);
    await this.#process?.stop();
    this.#removeSocket();
    if (this.isOver) return;
    this.#state = 'stopped';
    this.#needs.changed(this);
  }

  #begin(): void {
    const { log, ...needs } = this.#needs;
    this.#state = 'starting';
    this.#readyAt = undefined;
    this.#listenPath = this.kind.listens ? this.#needs.listenPath(this.#order, this.#restarts) : null;
    const started = new ServiceProcess({ ...needs, log, memoryBytes: this.kind.memoryBytes }, this.#words, (message) => this.#hear(started, message));
    this.#process = started;
    const { serviceId, service, parameters, runId } = this.#order;
    log.info({ serviceId, service, pid: started.pid, restarts: this.#restarts }, 'a service begins');
    started.tell({ kind: 'start', start: { serviceId, service, parameters, runId, restarts: this.#restarts, listenPath: this.#listenPath } });
    this.#expect('ready', this.kind.readySeconds);
    const end = started.ended.then((how) => this.#ended(started, how));
    inBackground(log, 'the end of a service could not be followed', end);
    this.#needs.changed(this);
  }

  #hear(from: ServiceProcess, message: FromService): void {
    if (from !== this.#process || this.#isStopping) return;
    if (message.kind === 'find') this.#needs.find(this, message);
    if (message.kind === 'failed') this.#giveUp(AtelierError.from(message.error));
    if (message.kind === 'ready' && this.#readyAt === undefined) this.#ready();
    if (message.kind === 'well') this.#well(message.residentBytes);
  }

  #ready(): void {
    this.#readyAt = performance.now();
    this.#state = 'running';
    this.#expect('an answer', this.kind.answerSeconds);
    this.tell({ kind: 'ask' });
    this.#needs.changed(this);
  }

  #well(residentBytes: number): void {
    if (residentBytes > this.kind.memoryBytes) {
      const megabytes = (bytes: number) => `${Math.ceil(bytes / 1e6)} MB`;
      this.#giveUp(
        new AtelierError('out-of-memory', `Its process took ${megabytes(residentBytes)} of memory, and may take ${megabytes(this.kind.memoryBytes)}.`),
      );
      return;
    }
    clearTimeout(this.#due);
    clearTimeout(this.#asking);
    const ask = () => {
      this.#expect('an answer', this.kind.answerSeconds);
      this.tell({ kind: 'ask' });
    };
    this.#asking = setTimeout(guarded(this.#needs.log, 'a service could not be asked', ask), askEveryMs);
  }

  /** Ends its process if something does not come in time. */
  #expect(what: string, seconds: number): void {
    clearTimeout(this.#due);
    const late = () => this.#giveUp(new AtelierError('timeout', `Its process gave no sign: ${what} was due in ${seconds} s.`));
    this.#due = setTimeout(guarded(this.#needs.log, 'a silent service could not be ended', late), seconds * 1000);
  }

  /** This life is over: why is kept, and its end does the rest. */
  #giveUp(error: AtelierError): void {
    this.#reason ??= { ...error.toJSON() };
    this.#process?.kill();
  }

  #ended(process: ServiceProcess, how: string): void {
    if (process !== this.#process || this.#isStopping) return;
    this.#process = undefined;
    clearTimeout(this.#due);
    clearTimeout(this.#asking);
    this.#removeSocket();
    const { serviceId, service } = this.#order;
    const wellMs = this.#readyAt === undefined ? 0 : performance.now() - this.#readyAt;
    const next = afterEnd({ quickEnds: this.#quickEnds, wellMs }, this.#needs.random());
    this.#quickEnds = next.quickEnds;
    const error = this.#reason ?? new AtelierError('step-failed', `Its process ended ${how}.`, { hint: 'Its log has its last words.' }).toJSON();
    this.#reason = undefined;
    this.#needs.log.warn({ serviceId, service, how, quickEnds: next.quickEnds, next: next.kind }, 'the process of a service ended');
    if (next.kind === 'failed') this.#failed(error);
    else this.#againIn(next.inMs, error);
  }

  #againIn(inMs: number, error: ErrorBody): void {
    this.#state = 'restarting';
    this.#restarts += 1;
    this.#isFenced = false;
    this.#error = error;
    this.#words.keep(`\n-- started again (${this.#restarts}): ${error.message}\n`);
    this.#due = setTimeout(
      guarded(this.#needs.log, 'a service could not be started again', () => this.#begin()),
      inMs,
    );
    this.#needs.changed(this);
  }

  #failed(error: ErrorBody): void {
    this.#state = 'failed';
    this.#error = {
      ...error,
      message: `It ended ${this.#quickEnds} times in a row, each time before it was well for ${limits.serviceSteadySeconds} s. The last time: ${error.message}`,
      hint: 'Its log has its last words. Start it again when the cause is gone.',
    };
    this.#needs.changed(this);
  }

  #removeSocket(): void {
    if (this.#listenPath === null || process.platform === 'win32') return;
    rm(this.#listenPath, { force: true }).catch(() => undefined);
    this.#listenPath = null;
  }
}
