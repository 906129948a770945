/** The edge as a program: see command-line.ts for its flags. Exit codes: 0 stopped, 1 failed, 2 wrong usage, 3 an edge runs in the folder already. */
import { AtelierError } from '@atelier/protocol';
import { type Edge, runEdge } from './agent.ts';
import { parseCommandLine, usage } from './command-line.ts';

async function main(): Promise<number> {
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
  const stop = () => void edge.drain();
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  try {
    await edge.closed;
    return 0;
  } catch (error) {
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

process.exitCode = await main();
// Child processes and sockets are closed by now; a timer of a library may not keep the process.
process.exit();
