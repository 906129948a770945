import { useEffect } from 'react';

const shown = (runId: string) => `atelier-shown:${runId}`;
const seen = (runId: string) => `atelier-seen:${runId}`;

/** Lets other tabs know that this one shows a run, and when somebody looks at it. */
export function usePresence(runId: string): void {
  useEffect(() => {
    if (!navigator.locks) return;
    const end = hold(shown(runId));
    let leave: (() => void) | null = null;
    const look = () => {
      const looking = document.visibilityState === 'visible' && document.hasFocus();
      if (looking) leave ??= hold(seen(runId));
      else {
        leave?.();
        leave = null;
      }
    };
    const events = ['focus', 'blur', 'visibilitychange'] as const;
    for (const name of events) window.addEventListener(name, look, true);
    look();
    return () => {
      for (const name of events) window.removeEventListener(name, look, true);
      leave?.();
      end();
    };
  }, [runId]);
}

/** Some tab shows this run. */
export const isShown = (runId: string) => isHeld(shown(runId));
/** Somebody looks at a tab that shows this run. */
export const isSeen = (runId: string) => isHeld(seen(runId));

/** A lock that several tabs may hold at once; it ends with its tab, however that ends. @returns lets it go */
function hold(name: string): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  navigator.locks.request(name, { mode: 'shared' }, () => promise).catch(() => undefined);
  return resolve;
}

async function isHeld(name: string): Promise<boolean> {
  if (!navigator.locks) return document.visibilityState === 'visible' && document.hasFocus();
  const { held } = await navigator.locks.query();
  return held?.some((lock) => lock.name === name) ?? false;
}
