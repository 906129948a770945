const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** Bytes in decimal units with two or three digits: "912 B", "1.2 MB", "98 MB". */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}
