import type { RunView } from '@atelier/protocol';
import { readRecipe } from '@atelier/recipe';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { errorOf, type Made, type SocketEdge, type TestCoordinator, testCoordinator, testModel, workingEdge } from '../coordinator.test-support.ts';
import { gifOf, pngOf } from '../files.test-support.ts';

interface Place {
  readonly coordinator: TestCoordinator;
  readonly edge: SocketEdge;
  /** Frames that were drawn, by their shards. */
  readonly drawn: number[];
  /** Whether drawing waits; resolve `go` to let it go on. */
  hold: Promise<void> | undefined;
}

const places: Place[] = [];
let closed: Place;
let open: Place;

beforeAll(async () => {
  closed = await place(false);
  open = await place(true);
});
afterAll(async () => {
  for (const { coordinator, edge } of places) {
    await edge.close();
    await coordinator.close();
  }
});

async function place(publicPredict: boolean): Promise<Place> {
  const coordinator = await testCoordinator({ publicPredict });
  const models = [
    { ...testModel('walker', ['latent-walk']), options: {} },
    { ...testModel('cutter', ['frames-to-video']), options: {} },
  ];
  const drawn: number[] = [];
  const edge = await workingEdge(coordinator, models, async (order): Promise<Made> => {
    if (order.task === 'frames-to-video')
      return { port: 'video', mediaType: 'image/gif', bytes: gifOf(order.inputs.map((input) => input.hash.slice(0, 4)).join(' ')) };
    await made.hold;
    drawn.push(order.shard);
    return { port: 'frames', mediaType: 'image/png', bytes: pngOf(order.shard) };
  });
  const made: Place = { coordinator, edge, drawn, hold: undefined };
  places.push(made);
  return made;
}

const ask = ({ coordinator }: Place, query: string, more: { method?: string; token?: string; headers?: Record<string, string>; signal?: AbortSignal } = {}) =>
  coordinator.call(`/predict/?${query}`, more);

test('two words give a GIF of four frames with its recipe inside', async () => {
  const answer = await ask(closed, 'word1=apple&word2=pear', { token: closed.coordinator.ownerToken });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'image/gif']);
  const recipe = readRecipe(new Uint8Array(await answer.arrayBuffer()));
  expect(recipe?.chain.steps.map((step) => step.parameters)).toMatchObject([
    { frames: 4, seed: 99, keyframes: [{ prompt: 'apple' }, { prompt: 'pear' }] },
    { format: 'gif', framesPerSecond: 8 },
  ]);
});

test('who accepts JSON gets the run at once, and all its frames as a zip in the end', async () => {
  const token = closed.coordinator.ownerToken;
  const gate = Promise.withResolvers<void>();
  closed.hold = gate.promise;
  const answer = await ask(closed, 'word1=sun&word2=moon&frames=3&fps=2', { token, headers: { accept: 'application/json' } });
  expect(answer.status).toBe(202);
  const { id, links } = (await answer.json()) as { id: string; links: Record<string, string> };
  const early = await closed.coordinator.call(links.frames as string, { token });
  expect([early.status, (await errorOf(early)).code]).toEqual([409, 'conflict']);
  gate.resolve();
  closed.hold = undefined;
  await (await closed.coordinator.call(links.events as string, { token })).text();
  const run = (await (await closed.coordinator.call(links.run as string, { token })).json()) as RunView;
  expect([run.id, run.state]).toEqual([id, 'succeeded']);
  const zip = Buffer.from(await (await closed.coordinator.call(links.frames as string, { token })).arrayBuffer());
  const names = [...zip.toString('latin1').matchAll(/frame-\d{4}\.png/g)].map(([name]) => name);
  expect([...new Set(names)]).toEqual(['frame-0001.png', 'frame-0002.png', 'frame-0003.png']);
  expect((await ask(closed, (links.gif as string).split('?')[1] as string, { token })).status).toBe(200);
});

test('each frame in the zip carries the recipe of its own place', async () => {
  const token = closed.coordinator.ownerToken;
  const answer = await ask(closed, 'word1=tree&word2=house&frames=2', { token, headers: { accept: 'application/json' } });
  const { links } = (await answer.json()) as { links: Record<string, string> };
  await (await closed.coordinator.call(links.events as string, { token })).text();
  const zip = Buffer.from(await (await closed.coordinator.call(links.frames as string, { token })).arrayBuffer());
  const indices = pngsIn(zip).map((png) => readRecipe(png)?.result);
  expect(indices).toEqual([
    { stepId: 'walk', port: 'frames', index: 0 },
    { stepId: 'walk', port: 'frames', index: 1 },
  ]);
});

/** Stored files lie in a zip as they are: each PNG from its signature to the end of its IEND. */
function pngsIn(zip: Buffer): Uint8Array[] {
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47]);
  const found: Uint8Array[] = [];
  for (let at = zip.indexOf(signature); at >= 0; at = zip.indexOf(signature, at + 1)) found.push(zip.subarray(at, zip.indexOf('IEND', at, 'latin1') + 8));
  return found;
}

test('who goes away does not stop the run', async () => {
  const token = closed.coordinator.ownerToken;
  const gate = Promise.withResolvers<void>();
  closed.hold = gate.promise;
  const abort = new AbortController();
  const going = fetch(new URL('/predict/?word1=left&word2=alone', closed.coordinator.url), {
    headers: { authorization: `Bearer ${token}` },
    signal: abort.signal,
  });
  const run = await untilRun(token, 'left to alone');
  abort.abort();
  await expect(going).rejects.toThrow();
  gate.resolve();
  closed.hold = undefined;
  await (await closed.coordinator.call(`/api/runs/${run.id}/events`, { token })).text();
  expect(((await (await closed.coordinator.call(`/api/runs/${run.id}`, { token })).json()) as RunView).state).toBe('succeeded');
});

async function untilRun(token: string, name: string): Promise<{ id: string }> {
  for (;;) {
    const runs = (await (await closed.coordinator.call('/api/runs', { token })).json()) as { id: string; name: string }[];
    const found = runs.find((run) => run.name === name);
    if (found) return found;
  }
}

test('a look at the headers makes no run', async () => {
  const token = closed.coordinator.ownerToken;
  const runs = async () => (await (await closed.coordinator.call('/api/runs', { token })).json()).length;
  const before = await runs();
  const looked = await ask(closed, 'word1=tram&word2=train', { method: 'HEAD', token });
  expect([looked.status, looked.headers.get('content-type'), await runs()]).toEqual([200, 'image/gif', before]);
});

test('what is out of its bounds is told with them, as JSON', async () => {
  const token = closed.coordinator.ownerToken;
  for (const query of [
    'word1=apple',
    'word1=&word2=b',
    `word1=${'x'.repeat(201)}&word2=b`,
    'word1=a&word2=b&frames=1',
    'word1=a&word2=b&frames=61',
    'word1=a&word2=b&fps=x',
  ]) {
    const answer = await ask(closed, query, { token });
    expect([query, answer.status, (await errorOf(answer)).code]).toEqual([query, 400, 'invalid-input']);
  }
});

test('a page of another site draws nothing in the name of who looks at it, whether by a link or as a picture', async () => {
  const runs = async () => ((await (await closed.coordinator.call('/api/runs', { token: closed.coordinator.ownerToken })).json()) as unknown[]).length;
  const before = await runs();
  for (const site of ['cross-site', 'same-site']) {
    const answer = await ask(closed, 'word1=made&word2=elsewhere', { token: closed.coordinator.ownerToken, headers: { 'sec-fetch-site': site } });
    expect([answer.status, await errorOf(answer)]).toEqual([
      403,
      expect.objectContaining({ code: 'forbidden', message: expect.stringContaining('another site') }),
    ]);
  }
  expect(await runs()).toBe(before);
  for (const site of ['same-origin', 'none']) {
    const answer = await ask(closed, 'word1=apple&word2=pear', { token: closed.coordinator.ownerToken, headers: { 'sec-fetch-site': site } });
    expect(answer.status).toBe(200);
  }
});

test("it is for members, unless the installation was opened to anybody; then runs are the owner's, few, and any page may read them", async () => {
  expect((await ask(closed, 'word1=a&word2=b')).status).toBe(401);
  const answers = [];
  for (let time = 0; time < 7; time += 1) answers.push(await ask(open, 'word1=a&word2=b', { headers: { origin: 'https://moma.example.org' } }));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200, 429]);
  expect(answers.map(({ headers }) => headers.get('access-control-allow-origin'))).toEqual(Array(7).fill('*'));
  const token = open.coordinator.ownerToken;
  expect(((await (await open.coordinator.call('/api/runs', { token })).json()) as unknown[]).length).toBe(6);
  expect((await ask(open, 'word1=a&word2=b', { token })).status).toBe(200);
});

test("strangers wait while many of the owner's runs are open, and those begin first", async () => {
  const busy = await place(true);
  const gate = Promise.withResolvers<void>();
  busy.hold = gate.promise;
  const token = busy.coordinator.ownerToken;
  const stranger = await ask(busy, 'word1=one&word2=stranger', { headers: { accept: 'application/json' } });
  const { id } = (await stranger.json()) as { id: string };
  expect(((await (await busy.coordinator.call(`/api/runs/${id}`, { token })).json()) as RunView).priority).toBeLessThan(0);
  for (let number = 1; number < 20; number += 1) await ask(busy, `word1=own&word2=${number}`, { token, headers: { accept: 'application/json' } });
  const refused = await ask(busy, 'word1=another&word2=stranger');
  expect([refused.status, (await errorOf(refused)).message]).toEqual([429, 'Too many videos are waiting already.']);
  expect((await ask(busy, 'word1=own&word2=20', { token, headers: { accept: 'application/json' } })).status).toBe(202);
  gate.resolve();
  busy.hold = undefined;
});
