import { expect, test } from 'vitest';
import { type InLine, inTurn, turnsAfterMove } from './turns.ts';

const one = (id: string, priority = 0, turn: string | null = null): InLine => ({ id, priority, turn });
const ids = (line: readonly InLine[]) => inTurn(line).map((each) => each.id);

/** Moves one among some of the line, and gives the whole line after it. */
function move(line: readonly InLine[], own: readonly string[], id: string, before: string | null): InLine[] {
  const turns = turnsAfterMove(
    inTurn(line).filter((each) => own.includes(each.id)),
    id,
    before,
  );
  return line.map((each) => ({ ...each, turn: turns.has(each.id) ? (turns.get(each.id) as string | null) : each.turn }));
}

test('what waits comes by priority, then by age', () => {
  expect(ids([one('3'), one('1'), one('4', 5), one('2')])).toEqual(['4', '1', '2', '3']);
});

test('whoever orders their own keeps their places: those of others come exactly when they came before', () => {
  const line = ['a1', 'b2', 'a3', 'b4', 'a5'].map((name) => one(name.slice(1)));
  expect(ids(move(line, ['1', '3', '5'], '5', '1'))).toEqual(['5', '2', '1', '4', '3']);
});

test('after any three moves the order is the one that was asked for, each place is held once, and one that comes later is the last', () => {
  const names = ['1', '2', '3', '4'];
  const moves = names.flatMap((id) => [...names.filter((other) => other !== id), null].map((before) => [id, before] as const));
  for (const first of moves)
    for (const second of moves)
      for (const third of moves) {
        let line = names.map((name) => one(name));
        for (const [id, before] of [first, second, third]) {
          const others = ids(line).filter((other) => other !== id);
          const wanted = others.toSpliced(before === null ? others.length : others.indexOf(before), 0, id);
          line = move(line, names, id, before);
          expect(ids(line)).toEqual(wanted);
          expect(new Set(line.map((each) => each.turn ?? each.id)).size).toBe(names.length);
        }
        expect(ids([...line, one('5')]).at(-1)).toBe('5');
      }
});

test('a run that is moved there and back has its own place again', () => {
  const there = move([one('1'), one('2')], ['1', '2'], '2', '1');
  expect(move(there, ['1', '2'], '2', null).map((each) => each.turn)).toEqual([null, null]);
});

test('a move before itself, or of or before a run that is not there, changes nothing', () => {
  const line = [one('1'), one('2')];
  for (const [id, before] of [
    ['1', '1'],
    ['1', '9'],
    ['9', '1'],
  ] as const)
    expect(turnsAfterMove(line, id, before).size).toBe(0);
});
