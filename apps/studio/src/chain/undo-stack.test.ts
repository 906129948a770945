import { expect, test } from 'vitest';
import { changed, emptyStack, mapped, redone, type UndoStack, undone } from './undo-stack.ts';

const after = (...changes: Array<[before: string, kind: string | null]>) =>
  changes.reduce<UndoStack<string>>((stack, [before, kind]) => changed(stack, before, kind), emptyStack);

test('each change is undone and redone in order, and a new one forgets what was undone', () => {
  const back = undone(after(['a', null], ['b', null]), 'c');
  expect(back?.now).toBe('b');
  const further = undone(back?.stack as UndoStack<string>, 'b');
  expect(further?.now).toBe('a');
  expect(undone(further?.stack as UndoStack<string>, 'a')).toBeNull();
  expect(redone(further?.stack as UndoStack<string>, 'a')?.now).toBe('b');
  expect(redone(changed(further?.stack as UndoStack<string>, 'a', null), 'd')).toBeNull();
});

test('strokes of one word are undone together, and another word ends them', () => {
  const stack = after(['', 'text'], ['a', 'text'], ['ab', 'text'], ['abc', 'other'], ['abcd', 'text']);
  expect(stack.past).toEqual(['', 'abc', 'abcd']);
});

test('a change after an undo stands alone, though it is of the same kind', () => {
  const back = undone(after(['', 'text'], ['a', 'other']), 'b');
  expect(changed(back?.stack as UndoStack<string>, 'a', 'text').past).toEqual(['', 'a']);
});

test('a hundred changes are kept, and all of them can be told news', () => {
  let stack: UndoStack<number> = emptyStack;
  for (let at = 0; at < 130; at += 1) stack = changed(stack, at, null);
  expect([stack.past.length, stack.past[0]]).toEqual([100, 30]);
  expect(mapped(stack, (one) => one + 1).past[0]).toBe(31);
});
