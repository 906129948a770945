import { inBackground } from '@atelier/background';
import { AtelierError, type EdgeId, type FromEdge } from '@atelier/protocol';
import type { Database } from '@atelier/store';
import type { SocketOrigin } from '../addresses/index.ts';
import type { Replication } from '../bytes/index.ts';
import { type Arrived, Budget, correctClaims, type Proofs, type ProvenResult } from '../claims/index.ts';
import type { PassingOn } from '../cluster/index.ts';
import type { EdgeLink, Logger } from '../contracts/index.ts';
import type { Checkpoints, Controls } from '../controls/index.ts';
import { type Dispatcher, type Leases, type LiveAttempt, type LiveAttempts, leftSeconds } from '../dispatch/index.ts';
import type { DoubleChecks } from '../double-checks/index.ts';
import type { Fleet, KnownEdge } from '../fleet/index.ts';
import type { History, Planning } from '../planning/index.ts';
import type { PassingEvent, RunFeed } from '../runs/index.ts';
import type { ServiceLeases } from '../services/index.ts';
import type { Report, RunWriter } from '../state/index.ts';

type Hello = Extract<FromEdge, { kind: 'hello' }>;
type Heartbeat = Extract<FromEdge, { kind: 'heartbeat' }>;
const unknownOrigin: SocketOrigin = { address: null, isThisMachine: false };
/** A result or failure, with what was proven for it. */
type Reported = { readonly report: Report; readonly proven?: ReadonlySet<string> };
const nothing: ReadonlySet<string> = new Set();

export interface EdgeMessagesNeeds {
  readonly database: Database;
  readonly link: EdgeLink;
  readonly log: Logger;
  readonly fleet: Fleet;
  readonly live: LiveAttempts;
  readonly leases: Leases;
  readonly serviceLeases: ServiceLeases;
  readonly writer: RunWriter;
  readonly history: History;
  readonly feed: RunFeed;
  readonly dispatcher: Dispatcher;
  readonly planning: Planning;
  readonly replication: Replication;
  readonly proofs: Proofs;
  readonly doubleChecks: DoubleChecks;
  readonly controls: Controls;
  readonly checkpoints: Checkpoints;
  readonly passingOn: PassingOn;
  /** Reads what other coordinators have changed of runs that may be an edge's which comes here now. */
  readonly catchUp: () => Promise<void>;
}

/** News: it waits for nothing that is being written, and what waits does not wait for it. */
type News = Extract<FromEdge, { kind: 'started' | 'progress' | 'preview' | 'text' | 'control-applied' | 'checkpoint' }>;
const news: ReadonlySet<string> = new Set<News['kind']>(['started', 'progress', 'preview', 'text', 'control-applied', 'checkpoint']);
const isNews = (message: FromEdge): message is News => news.has(message.kind);

/** What edges say, and what follows from it. News of steps is passed on at once, in its order; all else that one edge says is handled one after the other. */
export class EdgeMessages {
  readonly #needs: EdgeMessagesNeeds;
  readonly #budget: Budget;
  readonly #last = new Map<EdgeId, Promise<void>>();

  constructor(needs: EdgeMessagesNeeds) {
    this.#needs = needs;
    this.#budget = new Budget(needs.log);
  }

  connected(edgeId: EdgeId, hello: Hello, from: SocketOrigin = unknownOrigin): Promise<void> {
    return this.#inOrder(edgeId, () => this.#hello(edgeId, hello, from));
  }

  /** News is passed on before this returns, so that a text comes before the result that ends it. */
  async message(edgeId: EdgeId, message: FromEdge): Promise<void> {
    if (isNews(message)) return this.#pass(this.#needs.fleet.get(edgeId), message);
    return this.#inOrder(edgeId, () => this.#handle(this.#needs.fleet.get(edgeId), message));
  }

  disconnected(edgeId: EdgeId): Promise<void> {
    return this.#inOrder(edgeId, async () => {
      const edge = this.#needs.fleet.get(edgeId);
      if (edge.connected) await this.#needs.fleet.disconnected(edge);
      this.#needs.replication.gone(edgeId);
      this.#needs.proofs.gone(edgeId);
      this.#needs.doubleChecks.gone(edgeId);
    });
  }

  /** Bytes that an edge has put into the coordinator's store itself. */
  async brought(edgeId: EdgeId, arrived: Arrived): Promise<void> {
    await correctClaims(this.#needs, edgeId, arrived);
    await this.#needs.checkpoints.arrived(arrived);
    this.#needs.replication.recorded(edgeId, arrived.hash);
    await this.#settle(edgeId, this.#needs.proofs.brought(edgeId, arrived.hash));
  }

  /** Gives up results whose edges did not prove what they name. */
  async sweep(): Promise<void> {
    for (const { edgeId, decided } of this.#needs.proofs.overdue()) await this.#settle(edgeId, [decided]);
  }

  #inOrder(edgeId: EdgeId, work: () => Promise<void>): Promise<void> {
    const mine = (this.#last.get(edgeId) ?? Promise.resolve()).catch(() => undefined).then(work);
    this.#last.set(edgeId, mine);
    return mine.finally(() => {
      if (this.#last.get(edgeId) === mine) this.#last.delete(edgeId);
    });
  }

  async #hello(edgeId: EdgeId, hello: Hello, from: SocketOrigin): Promise<void> {
    const { fleet, live, log, leases } = this.#needs;
    await this.#needs.catchUp();
    if (!fleet.identity(edgeId)) throw new AtelierError('forbidden', 'This edge was revoked.', { hint: 'Join again with a new token.' });
    // Before it counts as here: from then on it is given new work, which it cannot name yet.
    const before = live.ofEdge(edgeId).filter((attempt) => attempt.state === 'leased');
    const servicesBefore = await this.#needs.serviceLeases.before(edgeId);
    const edge = await fleet.connected(edgeId, hello, from);
    const { reach } = edge;
    if (reach && reach.state !== 'open')
      log.warn({ edgeId, name: edge.name, reason: reach.reason }, 'no other edge is sent to this address; bytes go through the coordinator');
    log.info({ edgeId, name: edge.name, models: hello.models.length, holding: hello.holding.length }, 'an edge connected');
    await this.#checkHolding(edge, hello.holding);
    this.#needs.controls.held(edgeId, hello.holding);
    const held = new Set(hello.holding.map((holding) => holding.attemptId as string));
    for (const attempt of before.filter(({ id }) => !held.has(id))) await leases.lose(attempt, `${edge.name} came back without it.`);
    if (edge.draining) this.#needs.link.send(edgeId, { kind: 'drain', on: true });
    await this.#needs.serviceLeases.connected(edge, servicesBefore, hello.services);
    await this.#needs.leases.withdrawHopeless(edgeId);
    this.#needs.dispatcher.wake(edgeId);
    await this.#needs.replication.requestMissing(edgeId);
    await this.#needs.planning.fleetChanged();
  }

  #pass(edge: KnownEdge, message: News): void {
    if (edge.revoked || !this.#budget.allows(edge.id, message)) return;
    const wasGone = this.#needs.fleet.isGone(edge);
    this.#needs.fleet.heard(edge);
    if (message.kind === 'control-applied' || message.kind === 'checkpoint') this.#needs.controls.heard(edge.id, message);
    else if (message.kind !== 'started') this.#show(edge, message);
    if (wasGone)
      inBackground(
        this.#needs.log,
        'an edge that is back was not given its part again',
        this.#inOrder(edge.id, () => this.#offersAgain(edge.id)),
      );
  }

  async #handle(edge: KnownEdge, message: Exclude<FromEdge, News>): Promise<void> {
    // What was on its way when the edge was revoked counts for nothing.
    if (edge.revoked) return;
    if (!this.#budget.allows(edge.id, message)) return;
    const wasGone = this.#needs.fleet.isGone(edge);
    this.#needs.fleet.heard(edge);
    await this.#answer(edge, message);
    // One that was silent for too long has lost its part of steps that are being shared, though its socket stayed.
    if (wasGone && message.kind !== 'hello') await this.#offersAgain(edge.id);
  }

  async #answer(edge: KnownEdge, message: Exclude<FromEdge, News>): Promise<void> {
    switch (message.kind) {
      case 'hello':
        return this.#hello(edge.id, message, edge.from);
      case 'heartbeat':
        return this.#heartbeat(edge, message);
      case 'models':
        return this.#models(edge, message.models);
      case 'result':
      case 'failure':
        return this.#report(edge, { report: message });
      case 'proof':
        return this.#prove(edge.id, message);
      case 'link':
        return this.#link(edge, message);
      case 'service':
        return this.#needs.serviceLeases.report(edge, message);
      case 'service-find':
        return this.#needs.serviceLeases.find(edge, message);
      case 'stored':
        return this.#stored(edge.id, message.hash, message.error ? AtelierError.from(message.error) : undefined);
    }
  }

  async #heartbeat(edge: KnownEdge, message: Heartbeat): Promise<void> {
    if (edge.info) edge.info = { ...edge.info, diskFreeBytes: message.diskFreeBytes };
    await this.#checkHolding(edge, message.holding);
    await this.#needs.serviceLeases.heartbeat(edge, message.services ?? []);
    if (message.draining === edge.leaving) return;
    edge.leaving = message.draining;
    if (edge.leaving) await this.#needs.leases.withdrawHopeless(edge.id);
    else if (!edge.draining) await this.#offersAgain(edge.id);
  }

  /** Extends what the edge may go on with, and stops what it may not. */
  async #checkHolding(edge: KnownEdge, holding: Hello['holding']): Promise<void> {
    const mayGoOn = await this.#needs.leases.extend(edge.id, holding);
    for (const { attemptId } of holding)
      if (!mayGoOn.has(attemptId) && !this.#needs.doubleChecks.isRunning(edge.id, attemptId)) this.#needs.link.send(edge.id, { kind: 'cancel', attemptId });
  }

  async #models(edge: KnownEdge, models: KnownEdge['models']): Promise<void> {
    if (!(await this.#needs.fleet.setModels(edge, models))) return;
    await this.#needs.leases.withdrawHopeless(edge.id);
    await this.#offersAgain(edge.id);
  }

  /** An edge offers something new, or again: to what waits for it, and to what waits for a plan. */
  async #offersAgain(edgeId: EdgeId): Promise<void> {
    this.#needs.dispatcher.wake(edgeId);
    await this.#needs.planning.fleetChanged();
  }

  #show(edge: KnownEdge, message: Extract<FromEdge, { kind: PassingEvent['kind'] }>): void {
    const attempt = this.#needs.live.get(message.attemptId);
    if (attempt?.edgeId !== edge.id || attempt.fence !== message.fence) return;
    const { fence: _fence, ...event } = message;
    const { stepId, runId, shard } = attempt;
    if (event.kind === 'progress') this.#needs.live.progressed(attempt, event.fraction);
    if (event.kind === 'text') this.#needs.feed.pass(runId, { ...event, stepId });
    else if (event.kind === 'preview') this.#needs.feed.pass(runId, { ...event, stepId, shard });
    else this.#progress(attempt, event);
  }

  #progress(attempt: LiveAttempt, event: Omit<Extract<FromEdge, { kind: 'progress' }>, 'fence'>): void {
    const { runId, stepId, shard } = attempt;
    const left = remainingSeconds(attempt, event.fraction);
    this.#needs.feed.pass(runId, { ...event, stepId, shard, remainingSeconds: left });
    const { attemptId, fraction } = event;
    this.#needs.passingOn.progress({ runId, stepId, shard, attemptId, fraction, remainingSeconds: left });
  }

  /** Only of places that there are: the planner would else believe in them for ever. */
  async #link(edge: KnownEdge, { from, bytes, seconds, latencySeconds }: Extract<FromEdge, { kind: 'link' }>): Promise<void> {
    const isPlace = from === 'coordinator' || (from !== edge.id && this.#needs.fleet.identity(from) !== undefined);
    if (isPlace) await this.#needs.history.measuredLink({ from, to: edge.id, bytes, seconds, latencySeconds });
  }

  async #stored(edgeId: EdgeId, hash: string, refusal: AtelierError | undefined): Promise<void> {
    await this.#needs.replication.stored(edgeId, hash, refusal);
    for (const decided of this.#needs.proofs.notBrought(edgeId, hash)) await this.#report(this.#needs.fleet.get(edgeId), decided);
  }

  /** Digests of large files take a while; the edge's other messages do not wait for them. */
  #prove(edgeId: EdgeId, proof: Extract<FromEdge, { kind: 'proof' }>): void {
    this.#needs.proofs
      .check(edgeId, proof)
      .then((decided) => this.#settle(edgeId, decided ? [decided] : []))
      .catch((error: unknown) => this.#needs.log.warn({ edgeId, error: String(error) }, 'a proof could not be checked; the edge repeats its result'));
  }

  async #settle(edgeId: EdgeId, decided: readonly ProvenResult[]): Promise<void> {
    for (const one of decided) await this.#inOrder(edgeId, () => this.#report(this.#needs.fleet.get(edgeId), one));
  }

  /** Acknowledged once it is decided: committed, or refused for good. */
  async #report(edge: KnownEdge, { report, proven = nothing }: Reported): Promise<void> {
    if (await this.#needs.doubleChecks.settle(edge, report)) {
      this.#needs.link.send(edge.id, { kind: 'ack', attemptId: report.attemptId });
      return;
    }
    const { writer, live, history, proofs, link, doubleChecks, replication } = this.#needs;
    const attempt = live.get(report.attemptId);
    const committed = await writer.commit(edge, report, { proven, attempt }).catch((thrown: unknown) => {
      // A run that was deleted with its user has nothing to commit to; anything else is tried again when the edge repeats itself.
      if (AtelierError.from(thrown).code !== 'not-found') throw thrown;
      return { kind: 'refused' } as const;
    });
    if (committed.kind === 'unproven') return report.kind === 'result' ? proofs.ask(edge, report, committed.hashes) : undefined;
    if (committed.kind === 'committed' && committed.measurement) history.follow(committed.measurement);
    link.send(edge.id, { kind: 'ack', attemptId: report.attemptId });
    if (committed.kind === 'refused' || report.kind !== 'result') return;
    doubleChecks.committed(report.attemptId);
    for (const hash of committed.outside) replication.request(edge.id, hash);
  }
}

/** What is left of a step: at first what history says, later more and more what this attempt shows. */
function remainingSeconds({ startedAt, predictedSeconds }: LiveAttempt, fraction: number): number | null {
  return startedAt === null ? null : leftSeconds({ predicted: predictedSeconds, passed: (performance.now() - startedAt) / 1000, fraction });
}
