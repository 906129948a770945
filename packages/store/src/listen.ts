import pg from 'pg';
import type { Database } from './open.ts';

export interface Listening {
  /** Something was said on one of the channels. Must not throw. */
  readonly heard: (payload: string) => void;
  /** A connection listens now, the first time or again: what was said before it did was not heard. Must not throw. */
  readonly opened: () => void;
  /** The connection is gone, or could not be made; the next try comes by itself. Must not throw. */
  readonly lost: (error: Error) => void;
}

/** Milliseconds between tries: twice as long after each that failed. */
const shortestPauseMs = 250;
const longestPauseMs = 10_000;

/**
 * Listens on channels of the database with one connection of its own, which is made again whenever it ends.
 * What is said while there is none is never heard: whoever listens has to look for itself when `opened` is called.
 * @returns stops it
 */
export function listen(database: Pick<Database, 'url'>, channels: readonly string[], { heard, opened, lost }: Listening): () => Promise<void> {
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  let pauseMs = shortestPauseMs;

  const again = (error: Error, of: pg.Client) => {
    if (isOver || client !== of) return;
    client = undefined;
    of.removeAllListeners('notification');
    of.end().catch(() => undefined);
    lost(error);
    timer = setTimeout(open, pauseMs);
    timer.unref();
    pauseMs = Math.min(2 * pauseMs, longestPauseMs);
  };
  function open(): void {
    const mine = new pg.Client({ connectionString: database.url, keepAlive: true, connectionTimeoutMillis: 10_000 });
    client = mine;
    mine.on('error', (error) => again(error, mine));
    mine.on('end', () => again(new Error('The connection ended.'), mine));
    mine.on('notification', ({ payload }) => heard(payload ?? ''));
    const listening = async () => {
      await mine.connect();
      for (const channel of channels) await mine.query(`LISTEN ${mine.escapeIdentifier(channel)}`);
    };
    listening().then(
      () => {
        if (client !== mine) return;
        pauseMs = shortestPauseMs;
        opened();
      },
      (error: Error) => again(error, mine),
    );
  }
  open();
  return async () => {
    isOver = true;
    clearTimeout(timer);
    await client?.end().catch(() => undefined);
  };
}
