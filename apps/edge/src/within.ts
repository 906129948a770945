/** Waits for a promise, but not for ever. */
export async function within(ms: number, promise: Promise<unknown>, signal?: AbortSignal): Promise<void> {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal?.addEventListener('abort', () => resolve(), { once: true });
  if (signal?.aborted) resolve();
  await Promise.race([promise, over]);
  clearTimeout(timer);
}
