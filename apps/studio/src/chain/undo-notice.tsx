import { useEffect } from 'react';
import { hasWindowOpen, typing } from '../frame/typing.ts';
import { announce } from '../ui/toast.tsx';
import { compose, onReplaced, useUndo } from './composer-state.ts';
import { sendFilesAgain } from './start-run.ts';

/** Says when a chain took the place of another, with the way back, wherever that happened. */
export function useUndoNotice(): void {
  useEffect(() => {
    onReplaced(({ words, lost }) => {
      if (lost) announceChange(words ?? 'Chain replaced.');
      else if (words !== undefined) announce(words);
    });
  }, []);
}

/**
 * Says what was just done to the chain, with an Undo. The offer ends with the next change: from then on Undo would take that back
 * too, such as the removal of a file, and Ctrl Z takes back one change after the other.
 */
export function announceChange(words: string): void {
  const { turn } = useUndo.getState();
  const dismiss = announce(words, undo);
  const stop = useUndo.subscribe((stack) => {
    if (stack.turn === turn) return;
    stop();
    dismiss();
  });
}

/** Takes back or repeats a change. A file whose way was broken meanwhile is sent again. */
export const undo = () => {
  compose.undo();
  sendFilesAgain();
};
export const redo = () => {
  compose.redo();
  sendFilesAgain();
};

/** Ctrl Z and Ctrl Shift Z over the composer. In a field they are the field's own. */
export function useUndoKeys(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.defaultPrevented) return;
      const key = event.key.toLowerCase();
      const deed = key === 'y' || (key === 'z' && event.shiftKey) ? redo : key === 'z' ? undo : undefined;
      if (!deed || typing(event.target) || hasWindowOpen()) return;
      event.preventDefault();
      deed();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
}
