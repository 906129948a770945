import type { Core, Logger } from '../../core/index.ts';
import type { Thumbnails } from './thumbnails.ts';

const everyMs = 3_600_000;

export interface PurgeRounds {
  /** Begins a round soon: after the one that runs, if one does. */
  begin(): void;
  /** Begins no more rounds, and waits for the one that runs. */
  close(): Promise<void>;
}

/** Every hour, and when asked, does away with what was deleted too long ago. */
export function startPurging({ core, thumbnails, log }: { core: Core; thumbnails: Thumbnails; log: Logger }): PurgeRounds {
  let round: Promise<void> | undefined;
  let again = false;
  let closed = false;
  const purge = async () => {
    try {
      const { outputs, hashes } = await core.gallery.purge(new Date(), thumbnails.forget);
      if (outputs + hashes.length > 0) log.info({ outputs, artifacts: hashes.length }, 'what was deleted is gone for good');
    } catch (err) {
      log.warn({ err }, 'What was deleted could not be purged; it is tried again in an hour.');
    }
    round = undefined;
    if (again) begin();
  };
  const begin = () => {
    again = round !== undefined;
    if (!again && !closed) round = purge();
  };
  begin();
  const timer = setInterval(begin, everyMs);
  timer.unref();
  return {
    begin,
    async close() {
      closed = true;
      clearInterval(timer);
      await round;
    },
  };
}
