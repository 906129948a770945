import { expect, test } from 'vitest';
import { type GraphNode, isBranched, type LaneRow, laneCount, lanesOf } from './lanes.ts';

const node = (id: string, ...reads: string[]): GraphNode => ({ id, reads });
const step = (id: string) => !id.startsWith('inputs.');
const line = [node('inputs.prompt'), node('a', 'inputs.prompt'), node('b', 'a'), node('c', 'b')];
const diamond = [node('inputs.prompt'), node('top', 'inputs.prompt'), node('left', 'top'), node('right', 'top'), node('join', 'left', 'right')];

test('a line takes one lane, and is not branched; a branch, a join and a step past another are', () => {
  expect(laneCount(lanesOf(line))).toBe(1);
  expect(isBranched(line, step)).toBe(false);
  expect(isBranched([node('inputs.image'), node('inputs.mask'), node('a', 'inputs.image', 'inputs.mask')], step)).toBe(false);
  expect(isBranched(diamond, step)).toBe(true);
  expect(isBranched([node('inputs.x'), node('a', 'inputs.x'), node('b', 'inputs.x')], step)).toBe(true);
  expect(isBranched([node('a'), node('b', 'a'), node('inputs.mask'), node('c', 'b', 'inputs.mask')], step)).toBe(true);
});

test('of a diamond the second side has a lane beside the first, and both end in the join', () => {
  const rows = lanesOf(diamond);
  expect(rows.map(({ id, lane }) => [id, lane])).toEqual([
    ['inputs.prompt', 0],
    ['top', 0],
    ['left', 1],
    ['right', 0],
    ['join', 0],
  ]);
  expect(rows.at(-1)?.lines.map(({ from, to, kind, source }) => [source, from, to, kind])).toEqual([
    ['right', 0, 0, 'in'],
    ['left', 1, 0, 'in'],
  ]);
});

/** A seeded generator: Park and Miller's. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** Follows the lines from a row up to the node that the value comes from. */
function reaches(rows: readonly LaneRow[], from: number, source: string, to: number): boolean {
  let lane = rows[to]?.lines.find((one) => one.kind === 'in' && one.source === source)?.from;
  for (let index = to - 1; index > from; index -= 1) {
    const through = rows[index]?.lines.find((one) => one.kind === 'through' && one.source === source && one.to === lane);
    if (!through) return false;
    lane = through.from;
  }
  return rows[from]?.lines.some((one) => one.kind === 'out' && one.to === lane) ?? false;
}

test('in graphs at random every wire is drawn from its source to its reader, and no two lines lie over each other', () => {
  const seed = Math.floor(Math.random() * 2_147_483_646) + 1;
  const next = random(seed);
  for (let round = 0; round < 400; round += 1) {
    const nodes = Array.from({ length: 2 + Math.floor(next() * 12) }, (_, index) =>
      node(`s${index}`, ...new Set(Array.from({ length: Math.floor(next() * 4) }, () => `s${Math.floor(next() * index)}`).filter(() => index > 0))),
    );
    const rows = lanesOf(nodes);
    for (const [to, { reads }] of nodes.entries())
      for (const source of reads) expect(reaches(rows, Number(source.slice(1)), source, to), `seed ${seed}: ${source} to s${to}`).toBe(true);
    for (const row of rows) {
      const above = row.lines.filter(({ kind }) => kind !== 'out');
      const lanes = new Map(above.map(({ from, source }) => [from, source]));
      expect(
        above.every(({ from, source }) => lanes.get(from) === source),
        `seed ${seed}`,
      ).toBe(true);
      const passing = row.lines.filter(({ kind }) => kind === 'through').map(({ to }) => to);
      expect(passing.includes(row.lane), `seed ${seed}: ${row.id} lies on a line that passes by`).toBe(false);
    }
  }
});
