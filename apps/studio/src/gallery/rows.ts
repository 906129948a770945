/** A row of a gallery's grid: the name of a day, or things side by side. */
export type Row<Item> =
  | { readonly kind: 'day'; readonly key: string; readonly label: string }
  | { readonly kind: 'tiles'; readonly key: string; readonly first: number; readonly items: readonly Item[] };

interface Dated {
  readonly id: string;
  readonly createdAt: string;
}

/**
 * Things in rows of at most `columns`, with a heading before the first of each day.
 * @param items newest first
 * @param now decides what is today
 */
export function rowsOf<Item extends Dated>(items: readonly Item[], columns: number, now: Date): Row<Item>[] {
  const rows: Row<Item>[] = [];
  let day = '';
  let row: Item[] = [];
  for (const [index, item] of items.entries()) {
    const its = dayKey(new Date(item.createdAt));
    if (its !== day) rows.push({ kind: 'day', key: its, label: dayName(new Date(item.createdAt), now) });
    if (its !== day || row.length === columns) {
      row = [];
      rows.push({ kind: 'tiles', key: item.id, first: index, items: row });
    }
    day = its;
    row.push(item);
  }
  return rows;
}

/** The row in which a thing stands, or -1. */
export const rowOfIndex = (rows: readonly Row<unknown>[], index: number) =>
  rows.findIndex((row) => row.kind === 'tiles' && index >= row.first && index < row.first + row.items.length);

/**
 * Where an arrow leads from a thing. Up and down keep to the column as far as the next row has it.
 * @returns the index of the next thing; the same one at the edge
 */
export function neighbour(rows: readonly Row<unknown>[], index: number, key: 'ArrowLeft' | 'ArrowRight' | 'ArrowUp' | 'ArrowDown', total: number): number {
  if (key === 'ArrowLeft') return Math.max(0, index - 1);
  if (key === 'ArrowRight') return Math.min(total - 1, index + 1);
  const tiles = rows.filter((row) => row.kind === 'tiles');
  const at = rowOfIndex(tiles, index);
  const here = tiles[at];
  const next = tiles[at + (key === 'ArrowUp' ? -1 : 1)];
  return here && next ? next.first + Math.min(index - here.first, next.items.length - 1) : index;
}

const dayKey = (time: Date) => `${time.getFullYear()}-${time.getMonth() + 1}-${time.getDate()}`;

/** "Today", "Yesterday", "Monday, 12 May", with the year where it is another one. */
export function dayName(time: Date, now: Date): string {
  if (dayKey(time) === dayKey(now)) return 'Today';
  if (dayKey(time) === dayKey(new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1))) return 'Yesterday';
  const word = (options: Intl.DateTimeFormatOptions) => time.toLocaleDateString('en', options);
  const year = time.getFullYear() === now.getFullYear() ? '' : ` ${time.getFullYear()}`;
  return `${word({ weekday: 'long' })}, ${time.getDate()} ${word({ month: 'long' })}${year}`;
}

/** As many columns as fit, two at least. @param width of the grid in pixels */
export function columnsOf(width: number, { narrowest, gap }: { narrowest: number; gap: number }): number {
  return Math.max(2, Math.floor((width + gap) / (narrowest + gap)));
}
