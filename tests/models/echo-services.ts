/**
 * Kinds of services for tests, brought as an owner's own module is: with `--tasks`. `echo` sends back what comes, after a line that says which of
 * its lives answers; `asker` asks an echo again and again and writes what came of it; the others end, fall silent or take too much memory.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { RunningService, ServiceContext, ServiceProgram } from '@atelier/drivers';
import { defineServiceKind } from '@atelier/protocol';
import { randomFrom } from '@atelier/seeded';
import { z } from 'zod';

const echoKind = defineServiceKind({
  name: 'echo',
  title: 'Echo',
  summary: 'Sends back what comes.',
  parameters: z.object({ word: z.string().max(100).default('hello'), times: z.int().min(1).max(9).default(1) }),
  listens: true,
});

const askerKind = defineServiceKind({
  name: 'asker',
  title: 'Asker',
  summary: 'Asks an echo again and again.',
  parameters: z.object({
    target: z.string().max(100),
    bytes: z
      .int()
      .min(1)
      .max(64 * 1024 ** 2)
      .default(1000),
    seed: z.int().default(1),
  }),
});

const noParameters = z.object({});
const quitterKind = defineServiceKind({ name: 'quitter', title: 'Quitter', summary: 'Ends at once.', parameters: noParameters });
const deafKind = defineServiceKind({ name: 'deaf', title: 'Deaf', summary: 'Answers once and then no more.', parameters: noParameters, answerSeconds: 2 });
const hogKind = defineServiceKind({ name: 'hog', title: 'Hog', summary: 'Takes more than it may.', parameters: noParameters, memoryBytes: 150e6 });
const runKind = defineServiceKind({ name: 'of-a-run', title: 'Of a run', summary: 'Ends with its run.', parameters: noParameters, belongsTo: 'run' });

export const serviceKinds = [echoKind, askerKind, quitterKind, deafKind, hogKind, runKind];

const say = (text: string) => process.stdout.write(`${text}\n`);
const nothing: RunningService = { close: async () => undefined };

const echo: ServiceProgram = {
  kind: 'echo',
  async start({ listenPath, restarts, parameters }) {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => socket.destroy());
      socket.write(`life ${restarts}\n`);
      socket.pipe(socket);
    });
    server.listen(listenPath as string);
    await once(server, 'listening');
    say(`${parameters.word} from life ${restarts}, process ${process.pid}`);
    return { close: () => new Promise((done) => server.close(() => done())) };
  },
};

const asker: ServiceProgram = {
  kind: 'asker',
  async start(context) {
    void askAgainAndAgain(context);
    return nothing;
  },
};

async function askAgainAndAgain({ parameters, signal, connect }: ServiceContext): Promise<void> {
  const { target, bytes, seed } = parameters as z.output<typeof askerKind.parameters>;
  const random = randomFrom(seed);
  while (!signal.aborted) {
    try {
      const stream = await connect(target);
      // One stream for many questions, until it breaks.
      const life = await readLine(stream);
      while (!signal.aborted) {
        const sent = Buffer.from(Array.from({ length: Math.min(bytes, 4096) }, () => Math.floor(random() * 256)));
        const whole = Buffer.concat(Array.from({ length: Math.ceil(bytes / sent.length) }, () => sent)).subarray(0, bytes);
        stream.write(whole);
        const back = await readBytes(stream, whole.length);
        const isSame = digest(back) === digest(whole);
        say(`${isSame ? 'echoed' : 'GARBLED'} ${bytes} bytes by ${life}`);
        await pause(200, undefined, { signal });
      }
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      say(`broken: ${code ?? ''} ${message}`);
      await pause(200);
    }
  }
}

const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

async function readBytes(stream: Duplex, count: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let missing = count;
  while (missing > 0) {
    const piece = stream.read(Math.min(missing, stream.readableLength || missing)) as Buffer | null;
    if (piece) {
      pieces.push(piece);
      missing -= piece.length;
    } else if (stream.readableEnded || stream.destroyed) throw new Error('the stream ended');
    else await Promise.race([once(stream, 'readable'), once(stream, 'close'), once(stream, 'end')]);
  }
  return Buffer.concat(pieces);
}

async function readLine(stream: Duplex): Promise<string> {
  let line = '';
  for (;;) {
    const letter = (await readBytes(stream, 1)).toString('latin1');
    if (letter === '\n') return line;
    line += letter;
  }
}

const quitter: ServiceProgram = {
  kind: 'quitter',
  async start() {
    process.stderr.write('I have had enough\n');
    process.exit(3);
  },
};

const deaf: ServiceProgram = {
  kind: 'deaf',
  async start({ restarts }) {
    let asked = 0;
    const check = async () => {
      asked += 1;
      // A process that is busy for ever answers nothing.
      if (asked > 1 && restarts === 0) for (;;);
    };
    return { ...nothing, check };
  },
};

const kept: Buffer[] = [];
const hog: ServiceProgram = {
  kind: 'hog',
  async start() {
    for (let count = 0; count < 20; count += 1) kept.push(Buffer.alloc(20e6, count + 1));
    return nothing;
  },
};

const ofARun: ServiceProgram = { kind: 'of-a-run', start: async () => nothing };

export const services = [echo, asker, quitter, deaf, hog, ofARun];
