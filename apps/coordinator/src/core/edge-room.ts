import { AtelierError, type EdgeId, type EdgeModel, type FromEdge } from '@atelier/protocol';
import type { SocketOrigin } from './addresses/index.ts';
import { extendLeases } from './advance.ts';
import { type Arrived, Budget, correctClaims, type Proofs, type ProvenResult } from './claims/index.ts';
import { advanceRun, type CoreContext } from './context.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { DoubleChecks } from './double-checks/index.ts';
import type { PassingEvent } from './events.ts';
import type { KnownEdge } from './fleet.ts';
import type { LiveAttempt } from './live-attempts.ts';
import type { Planning } from './planning.ts';
import type { Replication } from './replication.ts';
import { commitReport } from './results.ts';
import { leftSeconds } from './time-left.ts';

type Hello = Extract<FromEdge, { kind: 'hello' }>;
type Heartbeat = Extract<FromEdge, { kind: 'heartbeat' }>;
const unknownOrigin: SocketOrigin = { address: null, isThisMachine: false };
/** A result or failure, with what was proven for it. */
type Reported = { readonly report: Extract<FromEdge, { kind: 'result' | 'failure' }>; readonly proven?: ReadonlySet<string> };

/** What edges say, and what follows from it. Messages of one edge are handled one after the other. */
export class EdgeRoom {
  readonly #context: CoreContext;
  readonly #dispatcher: Dispatcher;
  readonly #planning: Planning;
  readonly #replication: Replication;
  readonly #proofs: Proofs;
  readonly #doubleChecks: DoubleChecks;
  readonly #budget: Budget;
  readonly #last = new Map<EdgeId, Promise<void>>();

  constructor(
    context: CoreContext,
    parts: { dispatcher: Dispatcher; planning: Planning; replication: Replication; proofs: Proofs; doubleChecks: DoubleChecks },
  ) {
    this.#context = context;
    this.#dispatcher = parts.dispatcher;
    this.#planning = parts.planning;
    this.#replication = parts.replication;
    this.#proofs = parts.proofs;
    this.#doubleChecks = parts.doubleChecks;
    this.#budget = new Budget(context.log);
  }

  connected(edgeId: EdgeId, hello: Hello, from: SocketOrigin = unknownOrigin): Promise<void> {
    return this.#inOrder(edgeId, () => this.#hello(edgeId, hello, from));
  }

  message(edgeId: EdgeId, message: FromEdge): Promise<void> {
    return this.#inOrder(edgeId, () => this.#handle(this.#context.fleet.get(edgeId), message));
  }

  disconnected(edgeId: EdgeId): Promise<void> {
    return this.#inOrder(edgeId, async () => {
      this.#context.fleet.get(edgeId).connected = false;
      this.#replication.gone(edgeId);
      this.#proofs.gone(edgeId);
      this.#doubleChecks.gone(edgeId);
    });
  }

  /** Bytes that an edge has put into the coordinator's store itself. */
  async brought(edgeId: EdgeId, arrived: Arrived): Promise<void> {
    await correctClaims(this.#context, edgeId, arrived);
    this.#replication.recorded(edgeId, arrived.hash);
    await this.#settle(edgeId, this.#proofs.brought(edgeId, arrived.hash));
  }

  /** Gives up results whose edges did not prove what they name. */
  async sweep(): Promise<void> {
    for (const { edgeId, decided } of this.#proofs.overdue()) await this.#settle(edgeId, [decided]);
  }

  /** Queued attempts that their edge will not take are planned again. */
  async withdrawHopeless(edgeId: EdgeId): Promise<void> {
    for (const attempt of this.#context.live.ofEdge(edgeId)) {
      if (attempt.state === 'queued' && isHopeless(this.#context, attempt)) await advanceRun(this.#context, attempt.runId, { kind: 'withdrawn', attempt });
    }
  }

  #inOrder(edgeId: EdgeId, work: () => Promise<void>): Promise<void> {
    const mine = (this.#last.get(edgeId) ?? Promise.resolve()).catch(() => undefined).then(work);
    this.#last.set(edgeId, mine);
    return mine.finally(() => {
      if (this.#last.get(edgeId) === mine) this.#last.delete(edgeId);
    });
  }

  async #hello(edgeId: EdgeId, hello: Hello, from: SocketOrigin): Promise<void> {
    const { fleet, live, log } = this.#context;
    if (!fleet.identity(edgeId)) throw new AtelierError('forbidden', 'This edge was revoked.', { hint: 'Join again with a new token.' });
    // Before it counts as here: from then on it is given new work, which it cannot name yet.
    const before = live.ofEdge(edgeId).filter((attempt) => attempt.state === 'leased');
    const edge = await fleet.connected(edgeId, hello, from);
    const { reach } = edge;
    if (reach && reach.state !== 'open')
      log.warn({ edgeId, name: edge.name, reason: reach.reason }, 'no other edge is sent to this address; bytes go through the coordinator');
    log.info({ edgeId, name: edge.name, models: hello.models.length, holding: hello.holding.length }, 'an edge connected');
    await this.#checkHolding(edge, hello.holding);
    const held = new Set(hello.holding.map((holding) => holding.attemptId as string));
    for (const attempt of before.filter(({ id }) => !held.has(id))) await loseAttempt(this.#context, attempt, `${edge.name} came back without it.`);
    if (edge.draining) this.#context.link.send(edgeId, { kind: 'drain', on: true });
    await this.withdrawHopeless(edgeId);
    this.#dispatcher.wake(edgeId);
    await this.#replication.requestMissing(edgeId);
    await this.#planning.fleetChanged();
  }

  async #handle(edge: KnownEdge, message: FromEdge): Promise<void> {
    // What was on its way when the edge was revoked counts for nothing.
    if (edge.revoked) return;
    if (!this.#budget.allows(edge.id, message)) return;
    const wasGone = this.#context.fleet.isGone(edge);
    this.#context.fleet.heard(edge);
    await this.#answer(edge, message);
    // One that was silent for too long has lost its part of steps that are being shared, though its socket stayed.
    if (wasGone && message.kind !== 'hello') await this.#offersAgain(edge.id);
  }

  async #answer(edge: KnownEdge, message: FromEdge): Promise<void> {
    switch (message.kind) {
      case 'hello':
        return this.#hello(edge.id, message, edge.from);
      case 'heartbeat':
        return this.#heartbeat(edge, message);
      case 'models':
        return this.#models(edge, message.models);
      case 'started':
        return;
      case 'progress':
      case 'preview':
      case 'text':
        return this.#pass(edge, message);
      case 'result':
      case 'failure':
        return this.#report(edge, { report: message });
      case 'proof':
        return this.#prove(edge.id, message);
      case 'link':
        return this.#link(edge, message);
      case 'stored':
        return this.#stored(edge.id, message.hash, message.error ? AtelierError.from(message.error) : undefined);
    }
  }

  async #heartbeat(edge: KnownEdge, message: Heartbeat): Promise<void> {
    if (edge.info) edge.info = { ...edge.info, diskFreeBytes: message.diskFreeBytes };
    await this.#checkHolding(edge, message.holding);
    if (message.draining === edge.leaving) return;
    edge.leaving = message.draining;
    if (edge.leaving) await this.withdrawHopeless(edge.id);
    else if (!edge.draining) await this.#offersAgain(edge.id);
  }

  /** Extends what the edge may go on with, and stops what it may not. */
  async #checkHolding(edge: KnownEdge, holding: Hello['holding']): Promise<void> {
    const mayGoOn = await extendLeases(this.#context.database.pool, edge.id, holding, this.#context.times.leaseMs);
    for (const { attemptId } of holding)
      if (!mayGoOn.has(attemptId) && !this.#doubleChecks.isRunning(edge.id, attemptId)) this.#context.link.send(edge.id, { kind: 'cancel', attemptId });
  }

  async #models(edge: KnownEdge, models: KnownEdge['models']): Promise<void> {
    if (!(await this.#context.fleet.setModels(edge, models))) return;
    await this.withdrawHopeless(edge.id);
    await this.#offersAgain(edge.id);
  }

  /** An edge offers something new, or again: to what waits for it, and to what waits for a plan. */
  async #offersAgain(edgeId: EdgeId): Promise<void> {
    this.#dispatcher.wake(edgeId);
    await this.#planning.fleetChanged();
  }

  #pass(edge: KnownEdge, message: Extract<FromEdge, { kind: PassingEvent['kind'] }>): void {
    const attempt = this.#context.live.get(message.attemptId);
    if (attempt?.edgeId !== edge.id || attempt.fence !== message.fence) return;
    const { fence: _fence, ...event } = message;
    const { stepId, runId, shard } = attempt;
    if (event.kind === 'progress') this.#context.live.progressed(attempt, event.fraction);
    if (event.kind === 'text') this.#context.events.pass(runId, { ...event, stepId });
    else if (event.kind === 'preview') this.#context.events.pass(runId, { ...event, stepId, shard });
    else this.#context.events.pass(runId, { ...event, stepId, shard, remainingSeconds: remainingSeconds(attempt, event.fraction) });
  }

  /** Only of places that there are: the planner would else believe in them for ever. */
  async #link(edge: KnownEdge, { from, bytes, seconds, latencySeconds }: Extract<FromEdge, { kind: 'link' }>): Promise<void> {
    const isPlace = from === 'coordinator' || (from !== edge.id && this.#context.fleet.identity(from) !== undefined);
    if (isPlace) await this.#context.history.measuredLink({ from, to: edge.id, bytes, seconds, latencySeconds });
  }

  async #stored(edgeId: EdgeId, hash: string, refusal: AtelierError | undefined): Promise<void> {
    await this.#replication.stored(edgeId, hash, refusal);
    for (const decided of this.#proofs.notBrought(edgeId, hash)) await this.#report(this.#context.fleet.get(edgeId), decided);
  }

  /** Digests of large files take a while; the edge's other messages do not wait for them. */
  #prove(edgeId: EdgeId, proof: Extract<FromEdge, { kind: 'proof' }>): void {
    this.#proofs
      .check(edgeId, proof)
      .then((decided) => this.#settle(edgeId, decided ? [decided] : []))
      .catch((error: unknown) => this.#context.log.warn({ edgeId, error: String(error) }, 'a proof could not be checked; the edge repeats its result'));
  }

  async #settle(edgeId: EdgeId, decided: readonly ProvenResult[]): Promise<void> {
    for (const one of decided) await this.#inOrder(edgeId, () => this.#report(this.#context.fleet.get(edgeId), one));
  }

  /** Acknowledged once it is decided: committed, or refused for good. */
  async #report(edge: KnownEdge, { report, proven }: Reported): Promise<void> {
    if (await this.#doubleChecks.settle(edge, report)) {
      this.#context.link.send(edge.id, { kind: 'ack', attemptId: report.attemptId });
      return;
    }
    const committed = await commitReport(this.#context, edge, report, proven).catch((thrown: unknown) => {
      // A run that was deleted with its user has nothing to commit to; anything else is tried again when the edge repeats itself.
      if (AtelierError.from(thrown).code !== 'not-found') throw thrown;
      return 'refused' as const;
    });
    if (typeof committed !== 'string') return report.kind === 'result' ? this.#proofs.ask(edge, report, committed) : undefined;
    this.#context.link.send(edge.id, { kind: 'ack', attemptId: report.attemptId });
    if (committed === 'refused' || report.kind !== 'result') return;
    this.#doubleChecks.committed(report.attemptId);
    for (const hash of new Set(report.outputs.map((output) => output.hash))) this.#replication.request(edge.id, hash);
  }
}

/** Whether a queued attempt waits in vain: its edge is gone, takes no more, or has no such model now, or another under its name. One that is away for a moment may come back. */
export function isHopeless(context: CoreContext, attempt: LiveAttempt): boolean {
  const edge = context.fleet.find(attempt.edgeId);
  if (!edge || edge.draining || edge.leaving || context.fleet.isGone(edge)) return true;
  const { modelId, modelHash } = attempt;
  const serves = ({ manifest, state, ...model }: EdgeModel) =>
    manifest.id === modelId && state === 'ready' && (modelHash === undefined || modelHash === model.modelHash);
  return !edge.models.some(serves);
}

/** Takes an attempt away from an edge that no longer answers for it. */
export async function loseAttempt(context: CoreContext, attempt: LiveAttempt, message: string): Promise<void> {
  const { runId, stepId, edgeId } = attempt;
  context.log.warn({ runId, stepId, attemptId: attempt.id, edgeId }, 'an attempt was lost');
  const error = new AtelierError('edge-lost', message, { hint: 'Look at the edge; its steps go on elsewhere where they can.' }).toJSON();
  await advanceRun(context, runId, { kind: 'lost', attempt }, { error });
}

/** What is left of a step: at first what history says, later more and more what this attempt shows. */
function remainingSeconds({ startedAt, predictedSeconds }: LiveAttempt, fraction: number): number | null {
  return startedAt === null ? null : leftSeconds({ predicted: predictedSeconds, passed: (performance.now() - startedAt) / 1000, fraction });
}
