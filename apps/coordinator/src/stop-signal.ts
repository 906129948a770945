/**
 * One Ctrl-C arrives twice if both the terminal and a program above us (npm, a shell script, `timeout`) pass it on.
 * Signals closer together than this, in milliseconds, count as one.
 */
const echoMs = 1_000;

/**
 * Resolves at the first SIGINT or SIGTERM.
 * @param impatient called when somebody signals once more while the stop is under way; it is expected to end the process
 */
export function stopSignal(impatient: () => void): Promise<void> {
  return new Promise((resolve) => {
    let firstAt: number | undefined;
    const heard = () => {
      if (firstAt === undefined) {
        firstAt = performance.now();
        resolve();
      } else if (performance.now() - firstAt > echoMs) impatient();
    };
    process.on('SIGINT', heard);
    process.on('SIGTERM', heard);
  });
}
