/**
 * The child process of a service: one life of one service. Started by service-process.ts with `fork`. Arguments: the owner's modules.
 * What it writes is the service's log; small messages come and go by IPC, streams go straight from here to the other service.
 */

import type { RunningService } from '@atelier/drivers';
import { AtelierError, findServiceKind, listServiceKinds, parseServiceParameters } from '@atelier/protocol';
import { endWithAgent } from '../../child/end-with-agent.ts';
import type { ServiceStart, ToService } from '../service-ipc.ts';
import { connectTo, heardWay } from './connect.ts';
import { findProgram, listPrograms, readPrograms } from './programs.ts';
import { send } from './send.ts';

const stop = new AbortController();
let running: RunningService | undefined;
let asked: Promise<void> = Promise.resolve();

async function start({ serviceId, service, parameters, runId, restarts, listenPath }: ServiceStart): Promise<void> {
  const program = await findProgram(service);
  const checked = parseServiceParameters(findServiceKind(service), parameters);
  const connect = (target: string) => connectTo(target, stop.signal);
  running = await program.start({ serviceId, runId, parameters: checked, restarts, listenPath, signal: stop.signal, connect });
  send({ kind: 'ready' });
}

async function describe(): Promise<void> {
  const programs = new Set(listPrograms());
  const kinds = listServiceKinds().filter(({ name }) => programs.has(name));
  send({
    kind: 'kinds',
    kinds: kinds.map(({ name, listens, memoryBytes, readySeconds, answerSeconds }) => ({ name, listens, memoryBytes, readySeconds, answerSeconds })),
  });
}

/** Whether it is well: whoever asks waits, and takes no answer for none. */
async function answer(): Promise<void> {
  await running?.check?.();
  send({ kind: 'well', residentBytes: process.memoryUsage.rss() });
}

function failed(thrown: unknown): void {
  const error = AtelierError.from(thrown);
  process.stderr.write(`${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}\n`);
  send({ kind: 'failed', error: error.code === 'internal' ? { code: 'step-failed', message: error.message } : error.toJSON() });
}

async function end(): Promise<void> {
  stop.abort();
  await running?.close();
}

process.on('disconnect', endWithAgent);
process.once('SIGTERM', () => {
  end().then(
    () => process.exit(0),
    (thrown: unknown) => {
      failed(thrown);
      process.exit(1);
    },
  );
});
const read = readPrograms(process.argv.slice(2));
read.catch(failed);
process.on('message', (message: ToService) => {
  if (message.kind === 'way' || message.kind === 'no-way') {
    heardWay(message);
    return;
  }
  const work = { start: () => start((message as ToService & { kind: 'start' }).start), describe, ask: answer }[message.kind];
  asked = asked.then(() => read).then(work);
  asked.catch(failed);
});
