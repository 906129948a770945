import { AtelierError } from '@atelier/protocol';
import pg from 'pg';

type Callback = (error: Error | undefined, client: pg.PoolClient | undefined, release: (error?: Error | boolean) => void) => void;

const betweenRevivalsMs = 1_000;

/**
 * A pool that has a dead server started again. The embedded server ends itself if its disk is full in the wrong moment, and
 * nobody but us would start it once there is room.
 */
export class RevivingPool extends pg.Pool {
  readonly #revive: () => Promise<void>;
  #reviving: Promise<void> | undefined;

  /** @param revive starts the server on the same port if it does not run; throws if it cannot */
  constructor(options: pg.PoolConfig, revive: () => Promise<void>) {
    super(options);
    this.#revive = revive;
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Callback): void;
  override connect(callback?: Callback): Promise<pg.PoolClient> | undefined {
    if (callback === undefined) return this.#connect();
    this.#connect().then(
      (client) => callback(undefined, client, (error) => client.release(error)),
      (error: Error) => callback(error, undefined, () => undefined),
    );
    return undefined;
  }

  async #connect(): Promise<pg.PoolClient> {
    try {
      return await super.connect();
    } catch (thrown) {
      if (!isRefused(thrown)) throw unreachable(thrown);
      await this.#reviveOnce();
      return super.connect().catch((again: unknown) => {
        throw unreachable(again);
      });
    }
  }

  /** Many ask at the same moment; one starts it. */
  async #reviveOnce(): Promise<void> {
    this.#reviving ??= this.#revive().finally(() => {
      setTimeout(() => {
        this.#reviving = undefined;
      }, betweenRevivalsMs).unref();
    });
    await this.#reviving.catch((thrown: unknown) => {
      throw unreachable(thrown);
    });
  }
}

function isRefused(thrown: unknown): boolean {
  return (thrown as NodeJS.ErrnoException).code === 'ECONNREFUSED';
}

function unreachable(cause: unknown): AtelierError {
  // The server's own words on a full disk, a start or a stop say more.
  const known = AtelierError.from(cause);
  if (known.code !== 'internal') return known;
  return new AtelierError('unavailable', 'The database does not answer now.', {
    hint: 'Try again in a few seconds; what was acknowledged is kept. `atelier doctor` and the log say more.',
    cause,
  });
}
