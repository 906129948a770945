import { AtelierError } from '@atelier/protocol';

/** Waits for something until the caller no longer does. @throws AtelierError `cancelled` */
export async function orAborted(done: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return done;
  const { promise, reject } = Promise.withResolvers<never>();
  const giveUp = () => reject(new AtelierError('cancelled', 'The caller no longer waits.'));
  if (signal.aborted) giveUp();
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    await Promise.race([done, promise]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
