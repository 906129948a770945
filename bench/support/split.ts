import type { ProbeEvent } from './probe.ts';

/** The moments of one step of a chain whose steps run one after the other, from one `work` to the next. */
interface Moments {
  readonly edgeGotWork: number;
  readonly toSlot: number;
  readonly fromSlot: number;
  readonly edgeSentResult: number;
  readonly gotResult: number;
  readonly resultCommitted: number;
  readonly nextWorkSent: number;
}

/** Runs are created one after the other too: between the last step of one and the first of the next lies more than this or an upload. */
const warmUpSteps = 40;

/**
 * Splits the time of steps by what both sides noted.
 * @returns milliseconds of each part, one value a step, in the order in which the parts happen
 */
export function splitSteps(coordinator: readonly ProbeEvent[], edge: readonly ProbeEvent[]): Map<string, number[]> {
  const works = coordinator.filter((event) => event.kind === 'sent' && event.what === 'work').map((event) => event.at);
  const parts = new Map<string, number[]>();
  const note = (name: string, value: number) => parts.set(name, [...(parts.get(name) ?? []), value]);
  for (let step = warmUpSteps; step < works.length - 1; step += 1) {
    const from = works[step] as number;
    const moments = momentsOf(coordinator, edge, from, works[step + 1] as number);
    if (moments === undefined) continue;
    note('order to the edge over the socket', moments.edgeGotWork - from);
    note('edge prepares the step', moments.toSlot - moments.edgeGotWork);
    note('slot process, with the no-op itself', moments.fromSlot - moments.toSlot);
    note('edge keeps outputs and result on disk', moments.edgeSentResult - moments.fromSlot);
    note('result to the coordinator over the socket', moments.gotResult - moments.edgeSentResult);
    note('transaction of the result, which takes the next step too', moments.resultCommitted - moments.gotResult);
    note('from that commit to sending the next order', moments.nextWorkSent - moments.resultCommitted);
    note('the coordinator alone: from a result to the next order', moments.nextWorkSent - moments.gotResult);
    note('all parts', moments.nextWorkSent - from);
    const within = (event: ProbeEvent) => event.at >= from && event.at < moments.nextWorkSent;
    note('(all statements of the coordinator meanwhile, added up)', sumOf(coordinator.filter((event) => event.kind === 'sql' && within(event))));
    note('(synchronisations of files on the edge, added up)', sumOf(edge.filter((event) => event.kind === 'sync' && within(event))));
  }
  return parts;
}

const sumOf = (events: readonly ProbeEvent[]) => events.reduce((sum, event) => sum + event.end - event.at, 0);

/** Undefined if the two orders belong to different runs, or something else came between. */
function momentsOf(coordinator: readonly ProbeEvent[], edge: readonly ProbeEvent[], from: number, to: number): Moments | undefined {
  const first = (events: readonly ProbeEvent[], kind: ProbeEvent['kind'], what: string) =>
    events.find((event) => event.at >= from && event.at < to && event.kind === kind && event.what === what)?.at;
  const edgeGotWork = first(edge, 'received', 'work');
  const toSlot = first(edge, 'to-slot', 'run');
  const fromSlot = first(edge, 'from-slot', 'done');
  const edgeSentResult = first(edge, 'sent', 'result');
  const gotResult = first(coordinator, 'received', 'result');
  if (edgeGotWork === undefined || toSlot === undefined || fromSlot === undefined || edgeSentResult === undefined || gotResult === undefined) return undefined;
  const [result, ...others] = transactionsBetween(coordinator, gotResult, to);
  if (result === undefined || others.length > 0 || result.isCreation) return undefined;
  return {
    edgeGotWork,
    toSlot,
    fromSlot,
    edgeSentResult,
    gotResult,
    resultCommitted: result.ended,
    nextWorkSent: to,
  };
}

/** Transactions that write to a run, in the order of their commits. */
function transactionsBetween(events: readonly ProbeEvent[], from: number, to: number): { begun: number; ended: number; isCreation: boolean }[] {
  const statements = events.filter((event) => event.kind === 'sql' && event.at >= from && event.at < to);
  return statements
    .filter((event) => event.what.startsWith('BEGIN'))
    .flatMap((begin) => {
      const ending = statements.find((event) => event.on === begin.on && event.at > begin.at && event.what.startsWith('COMMIT'));
      const inside = ending ? statements.filter((event) => event.on === begin.on && event.at > begin.at && event.at < ending.at) : [];
      const writes = inside.some(({ what }) => what.startsWith('write-changes') || what.startsWith('insert-run'));
      return ending && writes ? [{ begun: begin.at, ended: ending.end, isCreation: inside.some(({ what }) => what.startsWith('insert-run')) }] : [];
    })
    .sort((a, b) => a.ended - b.ended);
}
