import { useEffect } from 'react';
import { create } from 'zustand';

/** A line of the list of shortcuts. */
export interface Shortcut {
  readonly keys: readonly string[];
  readonly does: string;
}

/** What the page that is open adds to the list; the page itself listens. */
export const usePageShortcutList = create<{ rows: readonly Shortcut[] }>(() => ({ rows: [] }));

/** Shows shortcuts in the list as long as the page stands. @param rows one array for all renderings */
export function usePageShortcuts(rows: readonly Shortcut[]): void {
  useEffect(() => {
    usePageShortcutList.setState({ rows });
    return () => usePageShortcutList.setState({ rows: [] });
  }, [rows]);
}
