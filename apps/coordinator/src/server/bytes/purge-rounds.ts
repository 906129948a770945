import type { Core, Logger } from '../../core/index.ts';
import type { Thumbnails } from './thumbnails.ts';

const everyMs = 3_600_000;

/** Every hour, does away with what was deleted too long ago. @returns stops it, after the round that runs */
export function startPurging({ core, thumbnails, log }: { core: Core; thumbnails: Thumbnails; log: Logger }): () => Promise<void> {
  let round: Promise<void> = Promise.resolve();
  let busy = false;
  const purge = async () => {
    try {
      const { outputs, hashes } = await core.gallery.purge(new Date(), thumbnails.forget);
      if (outputs + hashes.length > 0) log.info({ outputs, artifacts: hashes.length }, 'what was deleted is gone for good');
    } catch (err) {
      log.warn({ err }, 'What was deleted could not be purged; it is tried again in an hour.');
    }
    busy = false;
  };
  const begin = () => {
    if (busy) return;
    busy = true;
    round = purge();
  };
  begin();
  const timer = setInterval(begin, everyMs);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await round;
  };
}
