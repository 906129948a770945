/**
 * Loaded into coordinator and edge with `NODE_OPTIONS=--import`, it notes when statements, messages and synchronisations of
 * files begin and end. It changes nothing of what they do, and costs some microseconds each; figures that count are taken without it.
 */
import childProcess, { type ChildProcess } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createRequire, syncBuiltinESMExports } from 'node:module';

/** Something that happened; `at` and `end` are milliseconds since 1970. */
export interface ProbeEvent {
  readonly kind: 'sql' | 'sent' | 'received' | 'to-slot' | 'from-slot' | 'sync';
  /** The connection of a statement. */
  readonly on?: number;
  /** The beginning of a statement, or the kind of a message. */
  readonly what: string;
  readonly at: number;
  readonly end: number;
}

const file = process.env.ATELIER_BENCH_PROBE;
const program = process.argv[1] ?? '';
const where = program.endsWith('apps/edge/src/main.ts') ? 'edge' : program.endsWith('apps/coordinator/src/main.ts') ? 'coordinator' : undefined;
if (file && where) await install(`${file}.${where}`);

function now(): number {
  return performance.timeOrigin + performance.now();
}

async function install(target: string): Promise<void> {
  let events: ProbeEvent[] = [];
  const note = (kind: ProbeEvent['kind'], what: string, at = now(), end = at, on?: number) => events.push({ kind, what, at, end, on });
  const flush = () => {
    if (events.length > 0) appendFileSync(target, events.map((event) => `${JSON.stringify(event)}\n`).join(''));
    events = [];
  };
  setInterval(flush, 5_000).unref();
  process.on('exit', flush);
  watchSockets(note);
  watchSlots(note);
  await watchSyncs(target, note);
  if (where === 'coordinator') watchStatements(note);
}

type Note = (kind: ProbeEvent['kind'], what: string, at?: number, end?: number, on?: number) => void;
type Method = (this: unknown, ...args: unknown[]) => unknown;

/** Puts something round a method of an object. */
function wrap(target: object, name: string, around: (original: Method) => Method): void {
  const methods = target as Record<string, Method>;
  methods[name] = around(methods[name] as Method);
}

const kindOf = (text: string) => /"kind":"([\w-]+)"/.exec(text.slice(0, 100))?.[1] ?? '?';

function watchSockets(note: Note): void {
  const { WebSocket } = createRequire(new URL('../../apps/edge/package.json', import.meta.url))('ws') as { WebSocket: { prototype: object } };
  wrap(
    WebSocket.prototype,
    'send',
    (send) =>
      function (this: unknown, ...args) {
        note('sent', kindOf(String(args[0])));
        return send.apply(this, args);
      },
  );
  wrap(
    WebSocket.prototype,
    'emit',
    (emit) =>
      function (this: unknown, ...args) {
        if (args[0] === 'message') note('received', kindOf(String(args[1])));
        return emit.apply(this, args);
      },
  );
}

function watchSlots(note: Note): void {
  wrap(
    childProcess,
    'fork',
    (fork) =>
      function (this: unknown, ...args) {
        const child = fork.apply(this, args) as ChildProcess;
        wrap(
          child,
          'send',
          (send) =>
            function (this: unknown, ...sent) {
              note('to-slot', (sent[0] as { kind: string }).kind);
              return send.apply(this, sent);
            },
        );
        child.prependListener('message', (message: { kind: string }) => note('from-slot', message.kind));
        return child;
      },
  );
  syncBuiltinESMExports();
}

async function watchSyncs(anyFile: string, note: Note): Promise<void> {
  const handle = await open(anyFile, 'a');
  wrap(
    Object.getPrototypeOf(handle),
    'sync',
    (sync) =>
      async function (this: unknown, ...args) {
        const at = now();
        await sync.apply(this, args);
        note('sync', '', at, now());
      },
  );
  await handle.close();
}

function watchStatements(note: Note): void {
  const { Client } = createRequire(new URL('../../packages/store/package.json', import.meta.url))('pg') as { Client: { prototype: object } };
  wrap(
    Client.prototype,
    'query',
    (query) =>
      function (this: unknown, ...args) {
        const at = now();
        const on = (this as { processID: number }).processID;
        const first = args[0] as string | { text?: string; name?: string } | undefined;
        const what = (typeof first === 'string' ? first : (first?.name ?? first?.text ?? '?')).replaceAll(/\s+/g, ' ').trim().slice(0, 80);
        const last = args.at(-1);
        if (typeof last === 'function') {
          args[args.length - 1] = (...answer: unknown[]) => {
            note('sql', what, at, now(), on);
            return (last as Method).apply(undefined, answer);
          };
          return query.apply(this, args);
        }
        const answer = query.apply(this, args);
        if (answer instanceof Promise) answer.then(() => note('sql', what, at, now(), on)).catch(() => undefined);
        return answer;
      },
  );
}
