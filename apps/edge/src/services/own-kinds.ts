import { servicePrograms } from '@atelier/drivers';
import type { Logger } from 'pino';
import { LastWords } from '../child/last-words.ts';
import type { OwnKind } from './service-ipc.ts';
import { ServiceProcess, type ServiceProcessOptions } from './service-process.ts';

const askMs = 60_000;
const memoryBytes = 256 * 1024 ** 2;

/**
 * The kinds of services that this edge can run: asked of a process, because the owner's modules are never read by the agent itself.
 * An edge without any starts no process. What goes wrong is logged, and means none.
 */
export async function askKinds(options: ServiceProcessOptions & { readonly log: Logger }): Promise<readonly OwnKind[]> {
  if (options.taskModules.length === 0 && Object.keys(servicePrograms).length === 0) return [];
  const words = new LastWords(4_000);
  const told = Promise.withResolvers<readonly OwnKind[]>();
  const asked = new ServiceProcess({ ...options, memoryBytes }, words, (message) => {
    if (message.kind === 'kinds') told.resolve(message.kinds);
    if (message.kind === 'failed') told.reject(new Error(message.error.message));
  });
  asked.tell({ kind: 'describe' });
  const late = setTimeout(() => told.reject(new Error(`No answer came in ${askMs / 1000} s.`)), askMs);
  try {
    const ended = asked.ended.then((how): never => {
      throw new Error(`The process ended ${how}.`);
    });
    return await Promise.race([told.promise, ended]);
  } catch (error) {
    options.log.error({ error: (error as Error).message, words: words.toString() }, 'this edge runs no services: its modules could not be read');
    return [];
  } finally {
    clearTimeout(late);
    asked.kill();
  }
}
