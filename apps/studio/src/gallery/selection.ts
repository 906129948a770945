/** Which things of a list are chosen, and from where a range goes on. */
export interface Selection {
  readonly ids: ReadonlySet<string>;
  readonly anchor: number | null;
}

export const nothing: Selection = { ids: new Set(), anchor: null };

/** One more, or one less. */
export function toggled({ ids }: Selection, id: string, index: number): Selection {
  const next = new Set(ids);
  if (!next.delete(id)) next.add(id);
  return { ids: next, anchor: index };
}

/** With everything between the anchor and this one. */
export function extended(selection: Selection, list: ReadonlyArray<{ id: string }>, index: number): Selection {
  const anchor = selection.anchor ?? index;
  const [from, to] = anchor < index ? [anchor, index] : [index, anchor];
  return { ids: new Set([...selection.ids, ...list.slice(from, to + 1).map(({ id }) => id)]), anchor };
}

/** Only what is still in the list. */
export function within(selection: Selection, list: ReadonlyArray<{ id: string }>): Selection {
  if (selection.ids.size === 0) return selection;
  const there = new Set(list.map(({ id }) => id));
  const ids = [...selection.ids].filter((id) => there.has(id));
  return ids.length === selection.ids.size ? selection : { ids: new Set(ids), anchor: null };
}
