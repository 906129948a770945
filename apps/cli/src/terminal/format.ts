/** `1.5 MB`: decimal units, at most three digits. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${digits === 0 ? Math.round(value) : Number(value.toFixed(digits))} ${units[unit]}`;
}

/** `0.35 s`, `4.2 s`, `48 s`, `3 min 5 s`, `2 h 4 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 0.001) return '0 s';
  if (seconds < 1) return `${Number(seconds.toPrecision(2))} s`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return whole % 60 === 0 ? `${Math.floor(whole / 60)} min` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(whole / 60);
  return minutes % 60 === 0 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `3 min ago`, by the reader's clock. */
export function formatAgo(iso: string, now: number): string {
  const seconds = (now - Date.parse(iso)) / 1000;
  if (seconds < 5) return 'just now';
  const [amount, unit] =
    seconds < 60 ? [seconds, 's'] : seconds < 3600 ? [seconds / 60, 'min'] : seconds < 86_400 ? [seconds / 3600, 'h'] : [seconds / 86_400, 'd'];
  return `${Math.floor(amount)} ${unit} ago`;
}

export interface Column<T> {
  readonly title: string;
  readonly value: (row: T) => string;
  readonly align?: 'left' | 'right';
  /** Gives way first where the terminal is narrow; is cut with an ellipsis. */
  readonly flexible?: boolean;
}

/** A table as lines, columns two spaces apart, no wider than `width`. Numbers stand on the right. */
export function formatTable<T>(rows: readonly T[], columns: readonly Column<T>[], width: number): string[] {
  const cells = [columns.map((column) => column.title), ...rows.map((row) => columns.map((column) => column.value(row).replaceAll('\n', ' ')))];
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => [...(line[index] ?? '')].length)));
  let excess = widths.reduce((sum, one) => sum + one + 2, -2) - width;
  for (const [index, column] of columns.entries()) {
    if (!column.flexible || excess <= 0) continue;
    const taken = Math.min(excess, Math.max(0, (widths[index] as number) - 12));
    widths[index] = (widths[index] as number) - taken;
    excess -= taken;
  }
  return cells.map((line) =>
    line
      .map((cell, index) => pad(cell, widths[index] as number, columns[index]?.align ?? 'left'))
      .join('  ')
      .trimEnd(),
  );
}

function pad(text: string, width: number, align: 'left' | 'right'): string {
  const letters = [...text];
  const cut = letters.length > width ? `${letters.slice(0, Math.max(0, width - 1)).join('')}…` : text;
  const space = ' '.repeat(Math.max(0, width - [...cut].length));
  return align === 'right' ? space + cut : cut + space;
}
