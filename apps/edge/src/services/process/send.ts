import type { FromService } from '../service-ipc.ts';

/** Tells the agent something, as long as it is there. */
export function send(message: FromService): void {
  if (process.connected) process.send?.(message);
}
