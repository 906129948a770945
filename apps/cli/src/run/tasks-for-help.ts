import { parseArgs } from 'node:util';
import type { TaskView } from '@atelier/protocol';
import { openStudio } from '../studio.ts';

const patienceMs = 2000;

/**
 * The studio's tasks, where `atelier run ... --help` is asked for: its owner may have declared some of their own.
 * @returns none if no studio answers; help is given all the same
 */
export async function tasksForHelp(words: readonly string[]): Promise<TaskView[]> {
  if (words[0] !== 'run' || !words.some((word) => word === '--help' || word === '-h')) return [];
  const { values } = parseArgs({ args: [...words], options: { port: { type: 'string' }, data: { type: 'string' } }, strict: false });
  const text = (value: string | boolean | undefined) => (typeof value === 'string' ? { value } : undefined);
  const [port, data] = [text(values.port), text(values.data)];
  try {
    const client = await openStudio({ ...(port && { port: port.value }), ...(data && { data: data.value }) });
    return await client.api.tasks(undefined, { signal: AbortSignal.timeout(patienceMs) });
  } catch {
    return []; // No studio runs: its own tasks cannot be known, those of this program can.
  }
}
