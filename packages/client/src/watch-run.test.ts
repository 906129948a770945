import { AtelierError, newId, type RunEvent, type RunId } from '@atelier/protocol';
import { expect, test } from 'vitest';
import type { Api } from './client.ts';
import { watchRun } from './watch-run.ts';

const id = newId<RunId>(0);
const text = (delta: string): RunEvent => ({ kind: 'text', stepId: 'a', attemptId: newId(0), delta });
const ended: RunEvent = { kind: 'ended', state: 'succeeded' };

/** An API whose connections give these events each; a thrown last item breaks the connection. */
function apiOf(connections: (RunEvent | Error)[][]): Pick<Api, 'runs'> {
  const events = async () => {
    const items = connections.shift() ?? [];
    return (async function* () {
      for (const item of items) {
        if (item instanceof Error) throw item;
        yield item;
      }
    })();
  };
  return { runs: { events } } as unknown as Pick<Api, 'runs'>;
}

async function collect(api: Pick<Api, 'runs'>): Promise<string[]> {
  const seen: string[] = [];
  for await (const event of watchRun(api, id)) seen.push(event.kind === 'text' ? event.delta : event.kind);
  return seen;
}

test('a broken connection is made again and the events go on', async () => {
  expect(
    await collect(
      apiOf([
        [text('one'), new TypeError('terminated')],
        [text('two'), ended],
      ]),
    ),
  ).toEqual(['one', 'two', 'ended']);
});

test('a stream that stops before the run has ended is opened again', async () => {
  expect(await collect(apiOf([[text('one')], [ended]]))).toEqual(['one', 'ended']);
});

test('a run that does not exist is not asked for twice', async () => {
  await expect(collect(apiOf([[new AtelierError('not-found', 'There is no such run.')], [ended]]))).rejects.toMatchObject({ code: 'not-found' });
});
