import type { FromSlot } from '../slot-messages.ts';

/** Tells the agent something, as long as it is there. */
export function send(message: FromSlot): void {
  if (process.connected) process.send?.(message);
}
