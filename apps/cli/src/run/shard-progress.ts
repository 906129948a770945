import type { RunEvent, ShardView, StepView } from '@atelier/protocol';
import { formatSeconds } from '../terminal/format.ts';

type ShardEvent = Extract<RunEvent, { kind: 'shard' }>;

/** Computed parts after which the time that is left can be told. */
const fewestMeasured = 2;

/** What is known of a step that several machines may share, part by part. */
export class ShardProgress {
  readonly #now: () => number;
  readonly #each = new Map<number, ShardView>();
  readonly #edges = new Map<string, string>();
  readonly #word: string;
  #total: number;
  #began: { readonly at: number; readonly computed: number } | undefined;

  /** @param now milliseconds of any steady clock */
  constructor(step: StepView, now: () => number = () => performance.now()) {
    this.#now = now;
    this.#word = shardWord(step);
    this.#total = step.shards?.total ?? 1;
    this.takeStep(step);
  }

  takeStep(step: StepView): void {
    for (const { edgeId, edgeName } of [...step.sharing, ...(step.offer ? [step.offer] : [])]) this.#edges.set(edgeId, edgeName);
    for (const { edgeId, edgeName } of step.attempts) this.#edges.set(edgeId, edgeName);
    for (const shard of step.shards?.each ?? []) this.#each.set(shard.index, shard);
    this.#measure();
  }

  takeShard({ shard, total }: Pick<ShardEvent, 'shard' | 'total'>): void {
    this.#each.set(shard.index, shard);
    this.#total = total;
    this.#measure();
  }

  /** The share that is done, and a line such as `12 of 24 frames, on desk and laptop, about 5 s left, 6 from the cache`. */
  tell(): { fraction: number; message: string } {
    const done = this.#in('succeeded');
    const cached = done.filter(({ edgeId }) => edgeId === null).length;
    const edges = [...new Set(this.#in('running').flatMap(({ edgeId }) => (edgeId === null ? [] : [this.#edges.get(edgeId) ?? 'another edge'])))];
    const seconds = this.#secondsLeft(done.length - cached, this.#total - done.length);
    const parts = [`${done.length} of ${this.#total} ${this.#word}`];
    if (edges.length > 0) parts.push(`on ${listed(edges)}`);
    if (seconds !== undefined) parts.push(`about ${formatSeconds(seconds)} left`);
    if (cached > 0) parts.push(`${cached} from the cache`);
    return { fraction: done.length / this.#total, message: parts.join(', ') };
  }

  #in(state: ShardView['state']): ShardView[] {
    return [...this.#each.values()].filter((shard) => shard.state === state);
  }

  /** Begins to measure when something runs: what was done before says nothing about the speed. */
  #measure(): void {
    if (this.#began === undefined && this.#in('running').length > 0) {
      this.#began = { at: this.#now(), computed: this.#in('succeeded').filter(({ edgeId }) => edgeId !== null).length };
    }
  }

  #secondsLeft(computed: number, left: number): number | undefined {
    if (this.#began === undefined || left === 0) return undefined;
    const measured = computed - this.#began.computed;
    if (measured < fewestMeasured) return undefined;
    return (((this.#now() - this.#began.at) / 1000) * left) / measured;
  }
}

/** What the parts of a step are. */
export function shardWord({ task }: Pick<StepView, 'task'>): string {
  return task === 'latent-walk' ? 'frames' : 'images';
}

/** The machines that computed a step, by name; where that is not known, the one that it is bound to. */
export function machinesOf(step: StepView): string {
  const names = new Map([...step.sharing, ...(step.offer ? [step.offer] : [])].map(({ edgeId, edgeName }) => [edgeId, edgeName]));
  const used = (step.shards?.each ?? []).flatMap(({ edgeId }) => (edgeId === null ? [] : [names.get(edgeId)]));
  const known = [...new Set(used.filter((name) => name !== undefined))];
  return known.length > 0 ? listed(known) : (step.offer?.edgeName ?? '');
}

/** `18 of 24 frames from the cache`; undefined if nothing was. */
export function cacheLine(step: StepView): string | undefined {
  if (step.cached === 0) return undefined;
  const total = step.shards?.total ?? 1;
  if (total === 1) return 'from the cache';
  return step.cached >= total ? `all ${total} ${shardWord(step)} from the cache` : `${step.cached} of ${total} ${shardWord(step)} from the cache`;
}

function listed(names: readonly string[]): string {
  return names.length > 3 ? `${names.length} machines` : names.join(names.length === 2 ? ' and ' : ', ');
}
