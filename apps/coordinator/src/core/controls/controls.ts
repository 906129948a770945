import { inBackground, OneAtATime } from '@atelier/background';
import {
  type AppliedControl,
  AtelierError,
  type AttemptId,
  type ControlView,
  controlAbility,
  type EdgeId,
  type FromEdge,
  findTask,
  limits,
  type RunId,
  type SteerStep,
  type WorkOrder,
} from '@atelier/protocol';
import { type Database, inTransaction } from '@atelier/store';
import { Buckets } from '../claims/index.ts';
import type { Cluster } from '../cluster/index.ts';
import type { EdgeLink, Logger, Viewer } from '../contracts/index.ts';
import type { LiveAttempt, LiveAttempts } from '../dispatch/index.ts';
import type { Fleet } from '../fleet/index.ts';
import { controlsFor } from '../state/index.ts';
import { type Accepted, accept } from './accept.ts';
import type { Checkpoints } from './checkpoints.ts';
import { readControlViews } from './control-views.ts';

/** News of a control, for those who watch its run. */
export interface SteeredEvent {
  readonly kind: 'control';
  readonly stepId: string;
  readonly control: ControlView;
}

type Told = Extract<FromEdge, { kind: 'control-applied' | 'checkpoint' }>;

interface ControlsNeeds {
  readonly database: Database;
  readonly link: EdgeLink;
  readonly log: Logger;
  readonly fleet: Fleet;
  readonly live: LiveAttempts;
  readonly checkpoints: Checkpoints;
  readonly cluster: Pick<Cluster, 'tellLater'>;
  readonly feed: { isWatched(runId: RunId): boolean; steered(runId: RunId, event: SteeredEvent): void };
}

/** What an edge said of one attempt and is not written yet. Later news joins it, so that it stays small. */
interface Pending {
  readonly applied: Map<number, number>;
  checkpoint: Extract<FromEdge, { kind: 'checkpoint' }> | undefined;
}

/**
 * The lane to running steps. A control is written before it is sent, and sent until its edge has said where it took effect: with the order of an
 * attempt, at once to one that runs, and again after each new connection. Edges and slots know it by its number, so that twice is once.
 */
export class Controls {
  readonly #needs: ControlsNeeds;
  readonly #rates = new Buckets();
  /** Controls of one step are written and sent in the order in which they came. */
  readonly #turns = new OneAtATime();
  readonly #pending = new Map<string, Pending>();

  constructor(needs: ControlsNeeds) {
    this.#needs = needs;
  }

  /**
   * Tells a running step something. Returns when it is written; `state` says whether the step has followed it already.
   * @throws AtelierError `not-found`, `conflict`, `invalid-input`, `parameter-out-of-bounds`, `too-large`, `rate-limited`
   */
  async steer(viewer: Viewer, request: SteerStep): Promise<ControlView> {
    const { id: runId, stepId } = request;
    const about = `${runId} ${stepId}`;
    if (this.#rates.take(`${viewer.id} ${about}`, limits.controlRate, 1) !== 'yes') {
      throw new AtelierError('rate-limited', `A step can be told ${limits.controlRate.perSecond} things a second.`, {
        hint: 'Send only the newest of what changes quickly.',
      });
    }
    return this.#turns.run(about, async () => {
      const { database, feed } = this.#needs;
      const accepted = await inTransaction(database.pool, (tx) => accept(tx, viewer, request, () => this.#checkAble(runId, stepId)));
      if (accepted.isNew) this.#send(runId, stepId, accepted);
      const control = (await readControlViews(database.db, runId, [stepId], [accepted.number])).get(stepId)?.newest[0] as ControlView;
      if (accepted.isNew) feed.steered(runId, { kind: 'control', stepId, control });
      if (accepted.isNew) this.#needs.cluster.tellLater({ kind: 'control', runId, stepId });
      return control;
    });
  }

  /** An edge was given an attempt: what was said since its order was made is sent after it. */
  sent(edgeId: EdgeId, { attemptId, fence, runId, stepId, shard, task, controls = [] }: WorkOrder): void {
    if (!takesControls(task)) return;
    const known = new Set(controls.map(({ number }) => number));
    this.#follow(edgeId, { attemptId, fence, runId, stepId, shard }, known);
  }

  /** An edge came back with these attempts: it may not have heard all that was sent. */
  held(edgeId: EdgeId, holding: readonly { readonly attemptId: AttemptId; readonly fence: number }[]): void {
    for (const { attemptId, fence } of holding) {
      const attempt = this.#needs.live.get(attemptId);
      if (attempt?.edgeId === edgeId && attempt.fence === fence && takesControls(attempt.task)) {
        const { runId, stepId, shard } = attempt;
        this.#follow(edgeId, { attemptId, fence, runId, stepId, shard }, new Set());
      }
    }
  }

  /** Another coordinator wrote something of this step's controls: edges here that run it hear all of them, by number, so that twice is once. */
  changedElsewhere(runId: RunId, stepId: string): void {
    for (const { id, fence, edgeId, shard } of this.#leased(runId, stepId)) {
      if (!this.#needs.fleet.get(edgeId).connected) continue;
      this.#follow(edgeId, { attemptId: id as AttemptId, fence: fence as number, runId, stepId, shard }, new Set());
    }
  }

  /** What an edge says of the lane waits for nothing but itself. */
  heard(edgeId: EdgeId, message: Told): void {
    const attempt = this.#needs.live.get(message.attemptId);
    if (attempt?.edgeId !== edgeId || attempt.fence !== message.fence) return;
    const known = this.#pending.get(attempt.id);
    const pending = known ?? { applied: new Map(), checkpoint: undefined };
    for (const { number, at } of message.applied) pending.applied.set(number, at);
    if (message.kind === 'checkpoint') pending.checkpoint = message;
    if (known) return;
    this.#pending.set(attempt.id, pending);
    const written = this.#turns.run(attempt.id, () => this.#write(attempt, message.fence));
    inBackground(this.#needs.log, 'what an edge said of controls could not be written; it comes again with the result', written);
  }

  #send(runId: RunId, stepId: string, { number, kind, value }: Accepted): void {
    for (const { id, fence, edgeId } of this.#leased(runId, stepId))
      this.#needs.link.send(edgeId, { kind: 'control', attemptId: id as AttemptId, fence: fence as number, control: { number, kind, value, at: null } });
  }

  #leased(runId: RunId, stepId: string): LiveAttempt[] {
    return [...this.#needs.live.all()].filter((attempt) => attempt.runId === runId && attempt.stepId === stepId && attempt.state === 'leased');
  }

  /** @throws AtelierError `conflict` if an edge that runs a part of the step hears no controls; `unavailable` if that is not known yet */
  #checkAble(runId: RunId, stepId: string): void {
    for (const { edgeId } of this.#leased(runId, stepId)) {
      const edge = this.#needs.fleet.get(edgeId);
      if (edge.abilities?.includes(controlAbility)) continue;
      if (edge.abilities === null) {
        throw new AtelierError('unavailable', `${edge.name} has not come back yet since the studio was updated.`, { hint: 'Try again in a few seconds.' });
      }
      throw new AtelierError('conflict', `${edge.name} runs an older release of Atelier, whose steps cannot be told anything while they run.`, {
        hint: `The step goes on as it is. Update Atelier on ${edge.name} to change steps there.`,
      });
    }
  }

  #follow(edgeId: EdgeId, order: Pick<WorkOrder, 'attemptId' | 'fence' | 'runId' | 'stepId' | 'shard'>, known: ReadonlySet<number>): void {
    const { attemptId, fence } = order;
    const work = async () => {
      for (const control of await controlsFor(this.#needs.database.pool, order))
        if (!known.has(control.number)) this.#needs.link.send(edgeId, { kind: 'control', attemptId, fence, control });
    };
    inBackground(this.#needs.log, 'controls could not be sent again', this.#turns.run(`${order.runId} ${order.stepId}`, work));
  }

  async #write(attempt: LiveAttempt, fence: number): Promise<void> {
    const { id, edgeId, runId, stepId } = attempt;
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (!pending) return;
    const applied = [...pending.applied].map(([number, at]) => ({ number, at }));
    const changed = await inTransaction(this.#needs.database.pool, async (tx) => {
      const { rows } = await tx.query({ ...writeApplied, values: [id, fence, edgeId, JSON.stringify(applied)] });
      if (pending.checkpoint) await this.#needs.checkpoints.announce(tx, attempt, pending.checkpoint);
      return rows as AppliedControl[];
    });
    if (pending.checkpoint) this.#needs.checkpoints.bring(edgeId, pending.checkpoint.hash);
    if (changed.length === 0) return;
    this.#needs.cluster.tellLater({ kind: 'control', runId, stepId });
    if (!this.#needs.feed.isWatched(runId)) return;
    const numbers = changed.map(({ number }) => number);
    const views = (await readControlViews(this.#needs.database.db, runId, [stepId], numbers)).get(stepId)?.newest ?? [];
    for (const control of views) this.#needs.feed.steered(runId, { kind: 'control', stepId, control });
  }
}

const takesControls = (task: string) => Object.keys(findTask(task).controls).length > 0;

/** Only while the attempt has its lease: its row is held until the end of the transaction. Answers with what is news. */
const writeApplied = {
  name: 'write-applied',
  text: `WITH place AS MATERIALIZED (SELECT run_id, step_id, shard FROM attempts WHERE id = $1 AND fence = $2 AND edge_id = $3 AND state = 'leased' FOR SHARE),
      x AS (SELECT DISTINCT ON (number) number, at FROM jsonb_to_recordset($4::jsonb) AS x(number int, at bigint))
    INSERT INTO control_positions AS p (run_id, step_id, number, shard, at, done)
    SELECT c.run_id, c.step_id, c.number, place.shard, x.at, true
    FROM place JOIN controls c ON c.run_id = place.run_id AND c.step_id = place.step_id JOIN x ON x.number = c.number
    ON CONFLICT (run_id, step_id, shard, number) DO UPDATE SET at = excluded.at, done = true WHERE p.at IS DISTINCT FROM excluded.at OR NOT p.done
    RETURNING number, at`,
};
