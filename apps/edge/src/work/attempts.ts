import type { TransferMeasurement } from '@atelier/artifacts';
import { inBackground } from '@atelier/background';
import {
  type AppliedControl,
  AtelierError,
  cutToEnd,
  type EdgeId,
  type ErrorBody,
  type FromEdge,
  MediaType,
  type ToEdge,
  type WorkOrder,
} from '@atelier/protocol';
import type { Logger } from 'pino';
import { StepFailure } from '../slots/slot.ts';
import type { CheckpointReport, SlotReport } from '../slots/slot-messages.ts';
import { Steering } from '../slots/steering.ts';
import { keepCheckpoint } from './checkpoints.ts';
import type { Finished, Outbox } from './outbox.ts';
import { runStep, type StepTools } from './step.ts';

export interface AttemptsOptions {
  readonly tools: StepTools;
  readonly outbox: Outbox;
  readonly log: Logger;
  /** More attempts than this at once are refused. */
  readonly most: number;
  /** False if it could not be sent; results are sent again later. */
  send(message: FromEdge): boolean;
  sendPassing(message: FromEdge): void;
  /** Whether the coordinator knows controls and checkpoints. */
  isSteered(): boolean;
  /** After each attempt, however it ended. */
  onEnd(): void;
}

interface Running {
  readonly order: WorkOrder;
  readonly stop: AbortController;
  startedSent: boolean;
  readonly ended: Promise<void>;
  readonly steering: Steering;
  /** Where controls took effect, by their numbers. */
  readonly applied: Map<number, AppliedControl>;
  /** The last one that the coordinator was told of. */
  checkpoint: Checkpoint | undefined;
}

type Checkpoint = Extract<FromEdge, { kind: 'checkpoint' }>;

/** Why an attempt is stopped. `report` sends the error as its failure; `silent` says nothing of it any more. */
class Stop extends Error {
  readonly report: AtelierError | null;

  constructor(report: AtelierError | null) {
    super('stopped');
    this.report = report;
  }
}

/** The attempts that this edge runs, from `work` to the result that waits in the outbox for its `ack`. */
export class Attempts {
  readonly #options: AttemptsOptions;
  readonly #running = new Map<string, Running>();

  constructor(options: AttemptsOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#running.size;
  }

  /** Attempts that run, and those whose result waits for its acknowledgement. */
  get holding(): { attemptId: WorkOrder['attemptId']; fence: number }[] {
    const running = [...this.#running.values()].map(({ order }) => ({ attemptId: order.attemptId, fence: order.fence }));
    const finished = this.#options.outbox.all.map(({ attemptId, fence }) => ({ attemptId, fence }));
    return [...running, ...finished];
  }

  /** True if a running attempt reads these bytes, or its checkpoint is to be brought. */
  needs(hash: string): boolean {
    const isOf = ({ order, checkpoint }: Running) =>
      checkpoint?.hash === hash || order.resume?.hash === hash || order.inputs.some((input) => input.hash === hash);
    return [...this.#running.values()].some(isOf);
  }

  /** Tells a running attempt something. What is for one that runs no more is no news to anybody. */
  control({ attemptId, fence, control }: Extract<ToEdge, { kind: 'control' }>): void {
    const running = this.#running.get(attemptId);
    if (running?.order.fence === fence) running.steering.add(control);
    else this.#options.log.info({ attemptId, number: control.number }, 'a control came for an attempt that does not run here');
  }

  /**
   * Takes a work order. The same order again is no second attempt; an older one with another fence gives way.
   * @param refusal the failure of an order that is new here, where no more work is taken; it may be tried elsewhere
   */
  async accept(order: WorkOrder, refusal: AtelierError | null): Promise<void> {
    const { outbox, send } = this.#options;
    const finished = outbox.get(order.attemptId);
    if (finished?.fence === order.fence) return void send(finished);
    if (finished) await outbox.remove(order.attemptId);
    const running = this.#running.get(order.attemptId);
    if (running?.order.fence === order.fence) return;
    if (running) await this.#stop(running, null);
    const full = this.#running.size >= this.#options.most;
    const error = full ? new AtelierError('rate-limited', 'This edge has more work than it can keep.', { hint: 'The step is tried again later.' }) : refusal;
    if (error) await this.#finish(failureOf(order, error.toJSON(), ''));
    else this.#begin(order);
  }

  /** Stops an attempt without a result, and forgets one that has ended. */
  async cancel(attemptId: string): Promise<void> {
    const running = this.#running.get(attemptId);
    if (running) await this.#stop(running, null);
    await this.#options.outbox.remove(attemptId);
  }

  async acknowledge(attemptId: string): Promise<void> {
    await this.#options.outbox.remove(attemptId);
  }

  /** What a new connection must hear after `hello`. */
  again(): FromEdge[] {
    return [...this.#startedAgain(), ...this.#steeredAgain(), ...this.#options.outbox.all];
  }

  /** What may have been lost with the last connection. */
  #steeredAgain(): FromEdge[] {
    if (!this.#options.isSteered()) return [];
    return [...this.#running.values()].flatMap(({ order: { attemptId, fence }, applied, checkpoint }): FromEdge[] => [
      ...(applied.size > 0 ? [{ kind: 'control-applied' as const, attemptId, fence, applied: [...applied.values()] }] : []),
      ...(checkpoint ? [checkpoint] : []),
    ]);
  }

  #startedAgain(): FromEdge[] {
    const unheard = [...this.#running.values()].filter((running) => !running.startedSent);
    return unheard.map((running) => {
      running.startedSent = true;
      return { kind: 'started', attemptId: running.order.attemptId, fence: running.order.fence };
    });
  }

  /** Resolves when nothing runs any more. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all([...this.#running.values()].map(({ ended }) => ended));
  }

  /** Stops everything. With an error it is kept and sent as each attempt's failure. */
  async stopAll(report: AtelierError | null): Promise<void> {
    await Promise.all([...this.#running.values()].map((running) => this.#stop(running, report)));
  }

  async #stop(running: Running, report: AtelierError | null): Promise<void> {
    running.stop.abort(new Stop(report));
    await running.ended;
  }

  #begin(order: WorkOrder): void {
    const stop = new AbortController();
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const running: Running = { order, stop, startedSent: false, ended, steering: new Steering(order.controls), applied: new Map(), checkpoint: undefined };
    this.#running.set(order.attemptId, running);
    const { attemptId, fence } = order;
    running.startedSent = this.#options.send({ kind: 'started', attemptId, fence });
    this.#options.log.info({ runId: order.runId, stepId: order.stepId, attemptId, modelId: order.modelId }, 'step begins');
    const kept = this.#run(running)
      .then((finished) => finished && this.#finish(finished))
      .finally(() => {
        if (this.#running.get(attemptId) === running) this.#running.delete(attemptId);
        resolve();
        this.#options.onEnd();
      });
    inBackground(this.#options.log, 'a result could not be kept', kept);
  }

  #hear(running: Running, report: SlotReport): void {
    const { attemptId, fence } = running.order;
    if (report.kind === 'applied') {
      for (const one of report.applied) running.applied.set(one.number, one);
      if (this.#options.isSteered()) this.#options.send({ kind: 'control-applied', attemptId, fence, applied: [...report.applied] });
    } else if (report.kind === 'checkpoint') {
      inBackground(this.#options.log, 'a checkpoint could not be kept', this.#keep(running, report));
    } else if (report.kind !== 'preview' || MediaType.safeParse(report.mediaType).success) {
      this.#options.sendPassing({ ...report, attemptId, fence });
    }
  }

  async #keep(running: Running, report: CheckpointReport): Promise<void> {
    const checkpoint = await keepCheckpoint(running.order, report, this.#options.tools.store);
    if (this.#running.get(checkpoint.attemptId) !== running || !this.#options.isSteered()) return;
    running.checkpoint = checkpoint;
    this.#options.send(checkpoint);
  }

  async #run(running: Running): Promise<Finished | undefined> {
    const { order, stop, steering } = running;
    const { attemptId, fence } = order;
    const context = { runId: order.runId, stepId: order.stepId, attemptId };
    const onReport = (report: SlotReport) => this.#hear(running, report);
    try {
      const onTransfer = ({ from, ...transfer }: TransferMeasurement) => {
        // Tickets name edges by their ids.
        if (transfer.bytes > 0) this.#options.sendPassing({ kind: 'link', from: from as EdgeId, ...transfer });
      };
      const done = await runStep(order, steering, this.#options.tools, { onReport, onTransfer }, stop.signal);
      if (stop.signal.aborted) throw stop.signal.reason;
      this.#options.log.info({ ...context, ...done.timings }, 'step done');
      return { kind: 'result', attemptId, fence, ...done };
    } catch (thrown) {
      const reason: unknown = stop.signal.aborted ? stop.signal.reason : thrown;
      if (reason instanceof Stop) {
        this.#options.log.info({ ...context, code: reason.report?.code ?? 'cancelled' }, 'step stopped');
        return reason.report ? failureOf(order, reason.report.toJSON(), '') : undefined;
      }
      const failure = reason instanceof StepFailure ? reason : new StepFailure(AtelierError.from(reason), reason instanceof Error ? (reason.stack ?? '') : '');
      this.#options.log.warn({ ...context, error: failure.error.toJSON() }, 'step failed');
      return failureOf(order, failure.error.toJSON(), failure.log);
    }
  }

  /** Kept and sent at once: the coordinator may hear it twice, but never not at all. */
  async #finish(finished: Finished): Promise<void> {
    const { outbox, tools } = this.#options;
    const kept = outbox.put(finished);
    this.#running.delete(finished.attemptId);
    this.#options.send(finished);
    await kept.catch(async () => {
      await tools.makeRoom();
      if (outbox.get(finished.attemptId)) await outbox.put(finished);
    });
  }
}

function failureOf({ attemptId, fence }: WorkOrder, error: ErrorBody, log: string): Finished {
  return { kind: 'failure', attemptId, fence, error: { ...error }, log: cutToEnd(log, 16_000) };
}
