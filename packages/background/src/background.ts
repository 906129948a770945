/** Where failures are told. The loggers of pino are such. */
export interface FailureLog {
  error(fields: { readonly err: unknown }, message: string): void;
}

/** For processes without a log of their own, such as slots: their standard error is kept as the log of the step. */
export const stderrLog: FailureLog = {
  error({ err }, message) {
    process.stderr.write(`${message}: ${err instanceof Error ? (err.stack ?? err.message) : String(err)}\n`);
  },
};

/**
 * Lets work go on that nobody waits for. If it fails, that is logged; the process lives on.
 * @param failure a sentence that says what has failed, for the log
 */
export function inBackground(log: FailureLog, failure: string, work: Promise<unknown>): void {
  work.catch((err: unknown) => log.error({ err }, failure));
}

/**
 * A listener that may safely be given to an emitter, a socket or a timer: Node ends the process if a listener throws or leaves a
 * rejected promise. If this one does, that is logged, and the emitter never hears of it.
 * @param failure a sentence that says what has failed, for the log
 * @example socket.on('message', guarded(log, 'a message could not be read', (data) => read(data)));
 */
export function guarded<A extends unknown[]>(log: FailureLog, failure: string, listener: (...values: A) => unknown): (...values: A) => void {
  return (...values) => {
    try {
      const result = listener(...values);
      if (result instanceof Promise) inBackground(log, failure, result);
    } catch (err) {
      log.error({ err }, failure);
    }
  };
}
