import { inBackground, stderrLog } from '@atelier/background';

/**
 * Says goodbye to a server when this process is told to end, which is how a step is cancelled: what it works on for us would
 * go on otherwise. The slot's patience is 300 ms, so `goodbye` should be one small request. kill -9 leaves no time for it.
 * @returns takes the goodbye back
 */
export function onTermination(goodbye: () => Promise<unknown>): () => void {
  const leave = () => {
    const said = Promise.race([goodbye().catch(() => undefined), new Promise((resolve) => setTimeout(resolve, 250))]).then(() => {
      process.removeListener('SIGTERM', leave);
      process.kill(process.pid, 'SIGTERM');
    });
    inBackground(stderrLog, 'the process could not be ended', said);
  };
  process.once('SIGTERM', leave);
  return () => process.removeListener('SIGTERM', leave);
}
