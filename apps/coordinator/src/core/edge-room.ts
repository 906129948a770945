import { AtelierError, type EdgeId, type FromEdge } from '@atelier/protocol';
import { extendLeases } from './advance.ts';
import { advanceRun, type CoreContext } from './context.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { PassingEvent } from './events.ts';
import type { KnownEdge } from './fleet.ts';
import type { LiveAttempt } from './live-attempts.ts';
import type { Planning } from './planning.ts';
import type { Replication } from './replication.ts';
import { commitReport } from './results.ts';

type Hello = Extract<FromEdge, { kind: 'hello' }>;
type Heartbeat = Extract<FromEdge, { kind: 'heartbeat' }>;

/** What edges say, and what follows from it. Messages of one edge are handled one after the other. */
export class EdgeRoom {
  readonly #context: CoreContext;
  readonly #dispatcher: Dispatcher;
  readonly #planning: Planning;
  readonly #replication: Replication;
  readonly #last = new Map<EdgeId, Promise<void>>();

  constructor(context: CoreContext, parts: { dispatcher: Dispatcher; planning: Planning; replication: Replication }) {
    this.#context = context;
    this.#dispatcher = parts.dispatcher;
    this.#planning = parts.planning;
    this.#replication = parts.replication;
  }

  connected(edgeId: EdgeId, hello: Hello): Promise<void> {
    return this.#inOrder(edgeId, () => this.#hello(edgeId, hello));
  }

  message(edgeId: EdgeId, message: FromEdge): Promise<void> {
    return this.#inOrder(edgeId, () => this.#handle(this.#context.fleet.get(edgeId), message));
  }

  disconnected(edgeId: EdgeId): Promise<void> {
    return this.#inOrder(edgeId, async () => {
      this.#context.fleet.get(edgeId).connected = false;
      this.#replication.gone(edgeId);
      await this.#dispatcher.stop(edgeId);
    });
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

  async #hello(edgeId: EdgeId, hello: Hello): Promise<void> {
    const { fleet, live, log } = this.#context;
    if (!fleet.identity(edgeId)) throw new AtelierError('forbidden', 'This edge was revoked.', { hint: 'Join again with a new token.' });
    const edge = await fleet.connected(edgeId, hello.info, hello.models);
    log.info({ edgeId, name: edge.name, models: hello.models.length, holding: hello.holding.length }, 'an edge connected');
    await this.#checkHolding(edge, hello.holding);
    const held = new Set(hello.holding.map((holding) => holding.attemptId as string));
    const lost = live.ofEdge(edgeId).filter((attempt) => attempt.state === 'leased' && !held.has(attempt.id));
    for (const attempt of lost) await loseAttempt(this.#context, attempt, `${edge.name} came back without it.`);
    if (edge.draining) this.#context.link.send(edgeId, { kind: 'drain', on: true });
    await this.#dispatcher.begin(edge);
    await this.#replication.requestMissing(edgeId);
    await this.#planning.fleetChanged();
  }

  async #handle(edge: KnownEdge, message: FromEdge): Promise<void> {
    const wasGone = !edge.revoked && this.#context.fleet.isGone(edge);
    this.#context.fleet.heard(edge);
    await this.#answer(edge, message);
    // One that was silent for too long has lost its part of steps that are being shared, though its socket stayed.
    if (wasGone && message.kind !== 'hello') await this.#planning.fleetChanged();
  }

  async #answer(edge: KnownEdge, message: FromEdge): Promise<void> {
    switch (message.kind) {
      case 'hello':
        return this.#hello(edge.id, message);
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
        return this.#report(edge, message);
      case 'link':
        return this.#context.history.measuredLink({ ...message, from: message.from as EdgeId, to: edge.id });
      case 'stored':
        return this.#replication.stored(edge.id, message.hash, message.error ? AtelierError.from(message.error) : undefined);
    }
  }

  async #heartbeat(edge: KnownEdge, message: Heartbeat): Promise<void> {
    if (edge.info) edge.info = { ...edge.info, diskFreeBytes: message.diskFreeBytes };
    await this.#checkHolding(edge, message.holding);
    if (message.draining === edge.leaving) return;
    edge.leaving = message.draining;
    if (edge.leaving) await this.withdrawHopeless(edge.id);
    else if (!edge.draining) await this.#planning.fleetChanged();
  }

  /** Extends what the edge may go on with, and stops what it may not. */
  async #checkHolding(edge: KnownEdge, holding: Hello['holding']): Promise<void> {
    const mayGoOn = await extendLeases(this.#context.database.pool, edge.id, holding, this.#context.times.leaseMs);
    for (const { attemptId } of holding) if (!mayGoOn.has(attemptId)) this.#context.link.send(edge.id, { kind: 'cancel', attemptId });
  }

  async #models(edge: KnownEdge, models: KnownEdge['models']): Promise<void> {
    if (!(await this.#context.fleet.setModels(edge, models))) return;
    await this.withdrawHopeless(edge.id);
    await this.#planning.fleetChanged();
  }

  #pass(edge: KnownEdge, message: Extract<FromEdge, { kind: PassingEvent['kind'] }>): void {
    const attempt = this.#context.live.get(message.attemptId);
    if (attempt?.edgeId !== edge.id || attempt.fence !== message.fence) return;
    const { fence: _fence, ...event } = message;
    const { stepId, runId, shard } = attempt;
    if (event.kind === 'text') this.#context.events.pass(runId, { ...event, stepId });
    else if (event.kind === 'preview') this.#context.events.pass(runId, { ...event, stepId, shard });
    else this.#context.events.pass(runId, { ...event, stepId, shard, remainingSeconds: remainingSeconds(attempt, event.fraction) });
  }

  /** Acknowledged once it is decided: committed, or refused for good. */
  async #report(edge: KnownEdge, report: Extract<FromEdge, { kind: 'result' | 'failure' }>): Promise<void> {
    const committed = await commitReport(this.#context, edge, report).catch((thrown: unknown) => {
      // A run that was deleted with its user has nothing to commit to; anything else is tried again when the edge repeats itself.
      if (AtelierError.from(thrown).code !== 'not-found') throw thrown;
      return false;
    });
    this.#context.link.send(edge.id, { kind: 'ack', attemptId: report.attemptId });
    if (!committed || report.kind !== 'result') return;
    for (const hash of new Set(report.outputs.map((output) => output.hash))) this.#replication.request(edge.id, hash);
  }
}

/** Whether a queued attempt waits in vain: its edge is gone, takes no more, or has no such model now. One that is away for a moment may come back. */
export function isHopeless(context: CoreContext, attempt: LiveAttempt): boolean {
  const edge = context.fleet.find(attempt.edgeId);
  if (!edge || edge.draining || edge.leaving || context.fleet.isGone(edge)) return true;
  return !edge.models.some((model) => model.manifest.id === attempt.modelId && model.state === 'ready');
}

/** Takes an attempt away from an edge that no longer answers for it. */
export async function loseAttempt(context: CoreContext, attempt: LiveAttempt, message: string): Promise<void> {
  const { runId, stepId, edgeId } = attempt;
  context.log.warn({ runId, stepId, attemptId: attempt.id, edgeId }, 'an attempt was lost');
  const error = new AtelierError('edge-lost', message, { hint: 'Look at the edge; its steps go on elsewhere where they can.' }).toJSON();
  await advanceRun(context, runId, { kind: 'lost', attempt }, { error });
}

/** What is left of a step: at first what history says, later more and more what this attempt shows. */
function remainingSeconds(attempt: LiveAttempt, fraction: number): number | null {
  if (attempt.startedAt === null) return null;
  const passed = (performance.now() - attempt.startedAt) / 1000;
  const byHistory = attempt.predictedSeconds > 0 ? Math.max(0, attempt.predictedSeconds - passed) : undefined;
  const byProgress = fraction > 0.02 ? (passed / fraction) * (1 - fraction) : undefined;
  if (byProgress === undefined || byHistory === undefined) return byProgress ?? byHistory ?? null;
  return fraction * byProgress + (1 - fraction) * byHistory;
}
