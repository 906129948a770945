/**
 * Seconds in words, with as many digits as help: "0.8 s", "12 s", "1 min 20 s", "2 h 5 min".
 * @param seconds not negative
 */
export function formatSeconds(seconds: number): string {
  if (seconds < 0.095) return `${Math.max(1, Math.round(seconds * 1000))} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(Math.round(seconds) / 60);
  if (minutes < 60) return join(minutes, 'min', Math.round(seconds) % 60, 's');
  return join(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
}

function join(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** A range of seconds, or one figure where both ends read the same: "2–4 s". */
export function formatRange(low: number, high: number): string {
  const [first, last] = [formatSeconds(Math.max(0, low)), formatSeconds(Math.max(0, high))];
  if (first === last) return last;
  const [firstUnit, lastUnit] = [first.split(' ').at(-1), last.split(' ').at(-1)];
  const single = first.split(' ').length === 2 && last.split(' ').length === 2;
  return single && firstUnit === lastUnit ? `${first.split(' ')[0]}–${last}` : `${first} to ${last}`;
}

const spans: ReadonlyArray<readonly [Intl.RelativeTimeFormatUnit, number]> = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** How long ago something was: "just now", "3 minutes ago", "yesterday"; also of times to come: "in 2 hours". */
export function formatAgo(time: string | Date, now: Date): string {
  const seconds = (new Date(time).getTime() - now.getTime()) / 1000;
  if (Math.abs(seconds) < 45) return seconds > 15 ? 'in a moment' : 'just now';
  for (const [unit, size] of spans) {
    if (Math.abs(seconds) >= size * 0.95) return relative.format(Math.round(seconds / size), unit);
  }
  return relative.format(Math.round(seconds / 60), 'minute');
}

/** Seconds between two times; 0 if the clocks disagree about their order. */
export function secondsBetween(from: string | Date, to: string | Date): number {
  return Math.max(0, (new Date(to).getTime() - new Date(from).getTime()) / 1000);
}
