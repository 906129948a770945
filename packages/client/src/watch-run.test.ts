import { AtelierError, newId, type RunEvent, type RunId } from '@atelier/protocol';
import { expect, test } from 'vitest';
import { type Connect, watchRun } from './watch-run.ts';

const id = newId<RunId>(0);
const text = (delta: string): RunEvent => ({ kind: 'text', stepId: 'a', attemptId: newId(0), delta });
const ended: RunEvent = { kind: 'ended', state: 'succeeded' };

/** Connections that give these events each; a thrown last item breaks the connection. */
function connecting(connections: (RunEvent | Error)[][]): Connect {
  return async () => {
    const items = connections.shift() ?? [];
    return (async function* () {
      for (const item of items) {
        if (item instanceof Error) throw item;
        yield item;
      }
    })();
  };
}

async function collect(connect: Connect): Promise<string[]> {
  const seen: string[] = [];
  for await (const event of watchRun(connect, id)) seen.push(event.kind === 'text' ? event.delta : event.kind);
  return seen;
}

test('a broken connection is made again and the events go on', async () => {
  expect(
    await collect(
      connecting([
        [text('one'), new TypeError('terminated')],
        [text('two'), ended],
      ]),
    ),
  ).toEqual(['one', 'two', 'ended']);
});

test('a stream that stops before the run has ended is opened again', async () => {
  expect(await collect(connecting([[text('one')], [ended]]))).toEqual(['one', 'ended']);
});

test('a run that does not exist is not asked for twice', async () => {
  await expect(collect(connecting([[new AtelierError('not-found', 'There is no such run.')], [ended]]))).rejects.toMatchObject({ code: 'not-found' });
});
