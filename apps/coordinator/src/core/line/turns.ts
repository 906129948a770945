/** Whatever waits: a run, or an attempt of one. Ids are in the order of their creation (UUID version 7, RFC 9562). */
export interface InLine<Id extends string = string> {
  readonly id: Id;
  readonly priority: number;
  /** The run whose place it has taken over; null if it has its own. */
  readonly turn: Id | null;
}

/** The order in which they come: by priority, then by age, or by that of the place which they were given. */
export function inTurn<T extends InLine>(waiting: readonly T[]): T[] {
  return waiting.toSorted(compareTurns);
}

/** Less than 0 if `a` comes before `b`: by priority, then by place. */
export function compareTurns(a: InLine, b: InLine): number {
  return b.priority - a.priority || inOrder(placeOf(a), placeOf(b)) || inOrder(a.id, b.id);
}

const placeOf = ({ id, turn }: InLine) => turn ?? id;
const inOrder = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/**
 * The places of a person's runs after one of them was put before another. The same places are given to the same person's
 * runs in another order, so that nobody gets ahead of others by it, nor falls behind them.
 * @param line open runs of one person and priority in their order, the moved one among them
 * @param before the run that it comes before, null for the end
 * @returns whose place each run has that gets another one: null for its own
 */
export function turnsAfterMove<Id extends string>(line: ReadonlyArray<Pick<InLine<Id>, 'id' | 'turn'>>, id: Id, before: Id | null): Map<Id, Id | null> {
  const from = line.findIndex((run) => run.id === id);
  const behind = before === null ? line.length : line.findIndex((run) => run.id === before);
  if (from < 0 || behind < 0 || before === id) return new Map();
  const wanted = line.toSpliced(from, 1);
  wanted.splice(behind > from ? behind - 1 : behind, 0, line[from] as (typeof line)[number]);
  const places = line.map((run) => run.turn ?? run.id);
  const given = wanted.map((run, index) => [run, places[index] as Id] as const);
  return new Map(given.filter(([run, place]) => place !== (run.turn ?? run.id)).map(([run, place]) => [run.id, place === run.id ? null : place]));
}
