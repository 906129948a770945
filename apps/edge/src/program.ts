import { inBackground, stderrLog } from '@atelier/background';
import { AtelierError } from '@atelier/protocol';
import { type Edge, runEdge } from './agent.ts';
import { parseCommandLine, usage } from './command-line.ts';

/** Runs an edge until it is stopped. @returns its exit code: 0 stopped, 1 failed, 2 wrong usage, 3 an edge runs in the folder already */
export async function runProgram(): Promise<number> {
  let edge: Edge;
  try {
    const options = parseCommandLine(process.argv.slice(2));
    if (!options) {
      process.stdout.write(usage);
      return 0;
    }
    edge = await runEdge(options);
  } catch (error) {
    return explain(error);
  }
  const stop = () => inBackground(stderrLog, 'the edge could not be stopped in order', edge.drain());
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  try {
    await edge.closed;
    return 0;
  } catch (error) {
    await edge.close();
    return explain(error);
  }
}

function explain(thrown: unknown): number {
  const error = AtelierError.from(thrown);
  process.stderr.write(`atelier edge: ${error.message}\n${error.hint === undefined ? '' : `${error.hint}\n`}`);
  if (error.code === 'internal' && error.stack) process.stderr.write(`${error.stack}\n`);
  if (error.code === 'conflict') return 3;
  return error.code === 'invalid-input' ? 2 : 1;
}
