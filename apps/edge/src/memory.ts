import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Collects garbage now, which V8 puts off for as long as a process does nothing. An edge that waits for work shares its
 * machine with others: after starting it holds about 25 MB less this way. Takes some 20 ms.
 */
export function giveBackMemory(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('globalThis.gc') as ((options: { type: 'major'; flavor: 'last-resort' }) => void) | undefined;
  collect?.({ type: 'major', flavor: 'last-resort' });
}
