import { inBackground } from '@atelier/background';
import { AtelierError, type DoubleChecksView, type EdgeId, type FromEdge, limits, newId, type WorkOrder } from '@atelier/protocol';
import type { Database } from '@atelier/store';
import type { Cluster } from '../cluster/index.ts';
import type { EdgeLink, Logger } from '../contracts/index.ts';
import type { LiveAttempts, WorkOrders } from '../dispatch/index.ts';
import type { Fleet, KnownEdge } from '../fleet/index.ts';
import { isComparable } from './comparable.ts';
import { hashesOf, isSame } from './compare.ts';
import { dismiss, openDisagreements, settleRevoked, writeAgreement, writeDisagreement } from './disagreements.ts';
import { isDrawn } from './drawn.ts';
import { readSetting, type Setting, writeSetting } from './setting.ts';
import { beginTry, forget, noteResult, readWaiting, takeBackTry, type Waiting } from './waiting.ts';

interface DoubleChecksNeeds {
  readonly database: Database;
  readonly fleet: Fleet;
  readonly live: LiveAttempts;
  readonly link: EdgeLink;
  readonly log: Logger;
  readonly orders: WorkOrders;
  readonly cluster: Pick<Cluster, 'tellLater'>;
}

type Report = Extract<FromEdge, { kind: 'result' | 'failure' }>;

/** One that another edge computes now. */
interface Running {
  readonly attemptId: string;
  readonly edgeId: EdgeId;
  readonly fence: number;
  readonly waiting: Waiting;
  /** By `performance.now()`. */
  readonly startedAt: number;
}

/**
 * Lets a share of results be computed once more, each by an edge that has to make the same bytes and has nothing else to do. The order looks
 * like any other; its result becomes no output and no measurement. What runs is kept in memory: after a restart it is begun again from its row.
 */
export class DoubleChecks {
  readonly #needs: DoubleChecksNeeds;
  readonly #running = new Map<string, Running>();
  /** Edges that are about to get one. */
  readonly #chosen = new Set<EdgeId>();
  #setting: Setting = { percent: 0, key: Buffer.alloc(32) };

  constructor(needs: DoubleChecksNeeds) {
    this.#needs = needs;
  }

  async load(): Promise<void> {
    this.#setting = await readSetting(this.#needs.database.pool);
  }

  /** A result was committed. It may be drawn; nobody waits for that. */
  committed(attemptId: string): void {
    const { percent, key } = this.#setting;
    const { database, log } = this.#needs;
    if (percent === 0 || !isDrawn(key, attemptId, percent)) return;
    inBackground(log, 'a result was not noted to be computed twice', noteResult(database.pool, attemptId));
  }

  /** Gives what waits to edges that are idle; one for each, and few at a time. */
  async look(): Promise<void> {
    for (const running of this.#running.values()) if (performance.now() - running.startedAt > limits.doubleCheckSeconds * 1000) await this.#giveUp(running);
    if (this.#setting.percent === 0) return;
    const hopeless: string[] = [];
    for (const waiting of await readWaiting(this.#needs.database.pool)) {
      if ([...this.#running.values()].some((one) => one.waiting.id === waiting.id)) continue;
      const able = this.#able(waiting);
      if (able.length === 0 || waiting.tries >= limits.attemptsPerStep) hopeless.push(waiting.id);
      const edge = able.find((one) => this.#isIdle(one));
      if (edge && waiting.tries < limits.attemptsPerStep && this.#running.size < limits.doubleChecksRunning) await this.#begin(waiting, edge);
    }
    await forget(this.#needs.database.pool, hopeless);
  }

  /** Whether an edge may go on with an attempt, since it is one of these. */
  isRunning(edgeId: EdgeId, attemptId: string): boolean {
    return this.#running.get(attemptId)?.edgeId === edgeId;
  }

  countOn(edgeId: EdgeId): number {
    return [...this.#running.values()].filter((running) => running.edgeId === edgeId).length;
  }

  /** The second result of something, or its failure. @returns false if it is not one of these */
  async settle(edge: KnownEdge, report: Report): Promise<boolean> {
    const running = this.#running.get(report.attemptId);
    if (running?.edgeId !== edge.id || running.fence !== report.fence) return false;
    await this.#decide(running, edge, report).finally(() => this.#running.delete(report.attemptId));
    return true;
  }

  async #decide({ waiting }: Running, edge: KnownEdge, report: Report): Promise<void> {
    const { database, log } = this.#needs;
    const about = { runId: waiting.runId, stepId: waiting.stepId, shard: waiting.shard, maker: waiting.maker, checker: edge.id };
    if (report.kind === 'failure') {
      log.info({ ...about, error: report.error.code }, 'a result could not be computed a second time here');
      return;
    }
    const { modelId, modelHash } = waiting.recipe as NonNullable<Waiting['recipe']>;
    const used = report.modelHash || edge.models.find(({ manifest }) => manifest.id === modelId)?.modelHash;
    const found = hashesOf(report.outputs);
    if (used !== modelHash) await forget(database.pool, [waiting.id]);
    else if (isSame(found, waiting.made ?? {})) await writeAgreement(database.pool, waiting, edge.id);
    else if (await writeDisagreement(database.pool, waiting, edge.id, found))
      log.warn(about, 'two edges made different results of the same; neither answers from the result cache until an owner decides');
  }

  /** An edge is about to get work: what it does here ends at once where all its slots are needed. */
  giveWay(edgeId: EdgeId): void {
    const { fleet, live, log, database } = this.#needs;
    const busy = live.ofEdge(edgeId).filter((attempt) => attempt.state === 'leased').length;
    for (const running of this.#on(edgeId)) {
      if (busy + 1 <= (fleet.find(edgeId)?.info?.slots ?? 1)) return;
      this.#stop(running);
      inBackground(log, 'a try was not taken back', takeBackTry(database.pool, running.waiting.id));
    }
  }

  /** The edge's connection ended. */
  gone(edgeId: EdgeId): void {
    for (const running of this.#on(edgeId)) this.#running.delete(running.attemptId);
  }

  async revoked(edgeId: EdgeId): Promise<void> {
    await settleRevoked(this.#needs.database.pool, edgeId);
  }

  async view(): Promise<DoubleChecksView> {
    const { database, fleet } = this.#needs;
    const counts = await database.pool.query(
      'SELECT (SELECT count(*)::int FROM double_checks) AS waiting, (SELECT count(*)::int FROM disagreements WHERE decided_at IS NULL) AS open',
    );
    const { rows } = await database.pool.query('SELECT id AS "edgeId", name AS "edgeName", compared FROM edges WHERE revoked_at IS NULL ORDER BY name');
    const { waiting, open } = counts.rows[0] as { waiting: number; open: number };
    return { percent: this.#setting.percent, waiting, open, disagreements: await openDisagreements(database.pool, fleet), edges: rows };
  }

  /** @param percent of results, 0 to 100; with 0 nothing waits any more */
  async set(percent: number): Promise<DoubleChecksView> {
    const setting = { ...this.#setting, percent };
    await writeSetting(this.#needs.database.pool, setting);
    this.#needs.cluster.tellLater({ kind: 'settings' });
    this.#setting = setting;
    if (percent === 0) {
      for (const running of this.#running.values()) this.#stop(running);
      await this.#needs.database.pool.query('DELETE FROM double_checks');
    }
    return this.view();
  }

  async dismiss(id: string): Promise<DoubleChecksView> {
    await dismiss(this.#needs.database.pool, id);
    return this.view();
  }

  /** Edges that have to make the same bytes, the maker not among them. */
  #able({ maker, recipe }: Waiting): KnownEdge[] {
    const { fleet } = this.#needs;
    const made = fleet.find(maker);
    if (!made || made.revoked || !recipe) return [];
    return fleet.all().filter((edge) => edge.id !== maker && isComparable(made, edge, recipe));
  }

  #isIdle(edge: KnownEdge): boolean {
    const { fleet, live } = this.#needs;
    return (
      edge.connected && fleet.stateOf(edge) === 'online' && live.ofEdge(edge.id).length === 0 && !this.#chosen.has(edge.id) && this.#on(edge.id).length === 0
    );
  }

  #on(edgeId: EdgeId): Running[] {
    return [...this.#running.values()].filter((running) => running.edgeId === edgeId);
  }

  async #begin(waiting: Waiting, edge: KnownEdge): Promise<void> {
    const { database, link, log } = this.#needs;
    this.#chosen.add(edge.id);
    try {
      const order = await this.#order(waiting, edge.id);
      if (!order) return await forget(database.pool, [waiting.id]);
      const fence = await beginTry(database.pool, waiting);
      this.#chosen.delete(edge.id);
      if (fence === undefined) return;
      if (!this.#isIdle(edge)) return await takeBackTry(database.pool, waiting.id);
      const { attemptId } = order;
      this.#running.set(attemptId, { attemptId, edgeId: edge.id, fence, waiting, startedAt: performance.now() });
      if (link.send(edge.id, { kind: 'work', order: { ...order, fence } })) return;
      this.#running.delete(attemptId);
      await takeBackTry(database.pool, waiting.id);
    } catch (thrown) {
      const { code, message } = AtelierError.from(thrown);
      log.info({ runId: waiting.runId, stepId: waiting.stepId, error: message }, 'a result cannot be computed a second time now');
      // What cannot be reached counts as tried, so that it is not asked for without end.
      if (code === 'unavailable') await beginTry(database.pool, waiting);
      else await forget(database.pool, [waiting.id]);
    } finally {
      this.#chosen.delete(edge.id);
    }
  }

  /** Undefined if it would read other bytes than the first did, or very many. */
  async #order(waiting: Waiting, edgeId: EdgeId): Promise<Omit<WorkOrder, 'fence'> | undefined> {
    const { runId, stepId, shard, task, orderHash, recipe } = waiting;
    if (!recipe) return undefined;
    const attempt = { id: newId<string>(), runId, stepId, shard, task, edgeId, modelId: recipe.modelId, modelHash: orderHash ?? undefined };
    const order = await this.#needs.orders.prepare(attempt);
    const bytes = order.inputs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    return isSame(hashesOf(order.inputs), recipe.inputs) && bytes <= limits.doubleCheckBytes ? order : undefined;
  }

  #stop({ attemptId, edgeId }: Running): void {
    this.#running.delete(attemptId);
    this.#needs.link.send(edgeId, { kind: 'cancel', attemptId: attemptId as never });
  }

  async #giveUp(running: Running): Promise<void> {
    this.#stop(running);
    await forget(this.#needs.database.pool, [running.waiting.id]);
  }
}
