import type { Terminal } from '../terminal/terminal.ts';

/** What became of a run when somebody pressed Ctrl-C. */
export type Interruption = 'none' | 'detached' | 'cancelled';

export interface InterruptOptions {
  readonly runId: string;
  /** The first Ctrl-C cancels instead of detaching. */
  readonly cancelFirst: boolean;
  readonly cancel: () => Promise<void>;
  readonly terminal: Pick<Terminal, 'note'>;
  /** Milliseconds in which a second Ctrl-C counts. */
  readonly graceMs?: number;
  readonly signals?: Pick<NodeJS.EventEmitter, 'on' | 'removeListener'>;
}

/**
 * Decides what Ctrl-C means while a run is watched, and always says it. By default the first one detaches: the run goes on; a second
 * one within two seconds cancels it. With `cancelFirst` the first cancels, and the second only stops waiting for that.
 */
export function interruptible<T>(work: (signal: AbortSignal) => Promise<T>, options: InterruptOptions): Promise<{ result: T; interruption: Interruption }> {
  const { runId, terminal, graceMs = 2000, signals = process } = options;
  const stop = new AbortController();
  let interruption: Interruption = 'none';
  let settle: Promise<void> = Promise.resolve();
  let hurry: (() => void) | undefined;
  const cancel = async () => {
    interruption = 'cancelled';
    await options.cancel();
    terminal.note(`Cancelled run ${runId}. What it made is kept: atelier runs show ${runId}`);
  };
  const pressed = () => {
    if (hurry) return hurry();
    if (interruption === 'cancelled') return stop.abort();
    if (options.cancelFirst) {
      terminal.note(`Cancelling run ${runId} ... Press Ctrl-C again to stop waiting for it.`);
      settle = cancel();
      return undefined;
    }
    interruption = 'detached';
    terminal.note(`Detached: run ${runId} goes on. Watch it: atelier runs watch ${runId}   Stop it: atelier runs cancel ${runId}`);
    terminal.note(`Press Ctrl-C again within ${graceMs / 1000} s to cancel it.`);
    settle = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, graceMs);
      hurry = () => {
        clearTimeout(timer);
        hurry = undefined;
        resolve(cancel());
      };
    });
    stop.abort();
    return undefined;
  };
  signals.on('SIGINT', pressed);
  return work(stop.signal)
    .then(async (result) => {
      await settle;
      return { result, interruption };
    })
    .finally(() => signals.removeListener('SIGINT', pressed));
}
