import { MultiBar, type SingleBar } from 'cli-progress';
import type { Terminal } from './terminal.ts';

/** Progress bars by name on the standard error; where that is no terminal, nothing is drawn. */
export interface Bars {
  /** @param fraction 0 to 1 */
  show(name: string, fraction: number, message: string): void;
  /** A line above the bars. */
  note(line: string): void;
  stop(): void;
}

export function createBars(terminal: Terminal): Bars {
  if (!terminal.live) return { show: () => undefined, note: (line) => terminal.note(line), stop: () => undefined };
  const bars = new Map<string, SingleBar>();
  const all = new MultiBar({
    stream: process.stderr,
    format: '{name}  {bar} {percentage} %  {message}',
    barsize: 20,
    barCompleteChar: '━',
    barIncompleteChar: '─',
    hideCursor: true,
    clearOnComplete: false,
    fps: 10,
  });
  let widest = 0;
  return {
    show(name, fraction, message) {
      widest = Math.max(widest, name.length);
      const payload = { name: name.padEnd(widest), message };
      const bar = bars.get(name) ?? all.create(100, 0, payload);
      bars.set(name, bar);
      bar.update(Math.floor(Math.min(1, fraction) * 100), payload);
    },
    note: (line) => all.log(`${line}\n`),
    stop: () => all.stop(),
  };
}
