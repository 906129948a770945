/** Something that is read by what comes after it: an input of a chain, or a step. */
export interface GraphNode {
  readonly id: string;
  /** What it reads, by id; each stands before it. */
  readonly reads: readonly string[];
}

/** A line from a lane at the upper edge of a row to one at its middle, or from the middle to the lower edge. */
export interface LaneLine {
  readonly from: number;
  readonly to: number;
  /** `through` passes by, `in` ends at the node, `out` begins there. */
  readonly kind: 'through' | 'in' | 'out';
  /** Whose value it carries. */
  readonly source: string;
}

/** One node in its row, as `git log --graph` draws commits. */
export interface LaneRow {
  readonly id: string;
  readonly lane: number;
  readonly lines: readonly LaneLine[];
}

/**
 * Nodes in rows, each with a lane of its own from its row down to the last that reads it, so that no two lines lie over each other.
 * A node that is the last to read another goes on in that one's lane.
 * @param nodes in an order in which each comes after what it reads; what it reads and is not there is left out
 */
export function lanesOf(nodes: readonly GraphNode[]): LaneRow[] {
  const lastReader = new Map<string, number>();
  for (const [index, node] of nodes.entries()) for (const source of node.reads) lastReader.set(source, index);
  /** Whose value each lane carries at the moment. */
  const carried: Array<string | undefined> = [];
  return nodes.map((node, index) => {
    const before = [...carried];
    const reads = new Set(node.reads.filter((source) => before.includes(source)));
    for (const [at, source] of before.entries()) if (source !== undefined && lastReader.get(source) === index) carried[at] = undefined;
    const takenOver = before.findIndex((source, at) => source !== undefined && reads.has(source) && carried[at] === undefined);
    const lane = takenOver >= 0 ? takenOver : firstFree(before, carried);
    const lines = linesInto(lane, reads, before, carried);
    if ((lastReader.get(node.id) ?? -1) > index) {
      carried[lane] = node.id;
      lines.push({ from: lane, to: lane, kind: 'out', source: node.id });
    }
    return { id: node.id, lane, lines };
  });
}

/** The lines of a row down to its middle, and those that pass by. */
function linesInto(lane: number, reads: ReadonlySet<string>, before: ReadonlyArray<string | undefined>, after: ReadonlyArray<string | undefined>): LaneLine[] {
  return before.flatMap((source, from): LaneLine[] => {
    if (source === undefined) return [];
    const into: LaneLine[] = reads.has(source) ? [{ from, to: lane, kind: 'in', source }] : [];
    return after[from] === undefined ? into : [...into, { from, to: from, kind: 'through', source }];
  });
}

/** A lane in which nothing comes down to this row and nothing goes on. */
function firstFree(before: ReadonlyArray<string | undefined>, after: ReadonlyArray<string | undefined>): number {
  let lane = 0;
  while (before[lane] !== undefined || after[lane] !== undefined) lane += 1;
  return lane;
}

/** How many lanes the rows take. */
export const laneCount = (rows: readonly LaneRow[]): number =>
  1 + Math.max(0, ...rows.flatMap((row) => [row.lane, ...row.lines.map((line) => Math.max(line.from, line.to))]));

/** Whether a graph says more than its order: something is read twice or not by the next, or something reads several. */
export function isBranched(nodes: readonly GraphNode[], isStep: (id: string) => boolean): boolean {
  const steps = nodes.filter(({ id }) => isStep(id));
  return steps.some((step, index) => {
    const fromSteps = step.reads.filter(isStep);
    if (index === 0) return fromSteps.length > 0;
    return fromSteps.length !== 1 || fromSteps[0] !== steps[index - 1]?.id || step.reads.length > 1;
  });
}
