import { stdout } from 'node:process';
import { type Logger, pino } from 'pino';

/** Structured lines on stdout: JSON, or one readable line each where a person looks on. */
export function createLog(): Logger {
  const level = process.env.ATELIER_LOG_LEVEL ?? 'info';
  if (!stdout.isTTY) return pino({ level, base: undefined });
  return pino({ level, base: undefined }, { write: (line: string) => void stdout.write(readable(line)) });
}

const levels: Readonly<Record<number, string>> = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' };

function readable(line: string): string {
  const { level, time, msg, ...rest } = JSON.parse(line) as { level: number; time: number; msg?: string };
  const details = Object.entries(rest).map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return `${new Date(time).toLocaleTimeString()} ${(levels[level] ?? String(level)).padEnd(5)} ${msg ?? ''} ${details.join(' ')}`.trimEnd().concat('\n');
}
