/** What was before and, after an undo, what came after; the newest at the end of `past` and at the beginning of `future`. */
export interface UndoStack<T> {
  readonly past: readonly T[];
  readonly future: readonly T[];
  /** What the last change was about: changes of the same kind in a row, such as strokes of one word, are undone as one. */
  readonly kind: string | null;
  /** Grows with each change, undo and redo, but not with strokes that go on: what an offer to undo is good for. */
  readonly turn: number;
}

export const emptyStack: UndoStack<never> = { past: [], future: [], kind: null, turn: 0 };

/** So many changes can be undone. */
const mostPast = 100;

/** The stack after a change. @param before what was there @param kind null for a change that stands alone */
export function changed<T>(stack: UndoStack<T>, before: T, kind: string | null): UndoStack<T> {
  const goesOn = kind !== null && kind === stack.kind && stack.past.length > 0;
  return { past: goesOn ? stack.past : [...stack.past, before].slice(-mostPast), future: [], kind, turn: goesOn ? stack.turn : stack.turn + 1 };
}

/** One step back. @returns null if there is none */
export function undone<T>(stack: UndoStack<T>, now: T): { now: T; stack: UndoStack<T> } | null {
  const before = stack.past.at(-1);
  return before === undefined
    ? null
    : { now: before, stack: { past: stack.past.slice(0, -1), future: [now, ...stack.future], kind: null, turn: stack.turn + 1 } };
}

/** One step forward again. @returns null if nothing was undone */
export function redone<T>(stack: UndoStack<T>, now: T): { now: T; stack: UndoStack<T> } | null {
  const [after, ...future] = stack.future;
  return after === undefined ? null : { now: after, stack: { past: [...stack.past, now], future, kind: null, turn: stack.turn + 1 } };
}

/** The stack with each of its entries changed, for what is not a change of the user's. */
export const mapped = <T>(stack: UndoStack<T>, map: (one: T) => T): UndoStack<T> => ({
  ...stack,
  past: stack.past.map(map),
  future: stack.future.map(map),
});
