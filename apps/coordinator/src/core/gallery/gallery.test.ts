import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { modelHash } from '@atelier/models';
import { type GalleryPage, GalleryQuery, limits, type NewRun, newId, type OutputId, type OutputView, type RunId } from '@atelier/protocol';
import { schema } from '@atelier/store';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Viewer } from '../contracts/index.ts';
import { type TestStudio, testStudio, textModel } from '../studio.test-support.ts';

let studio: TestStudio;
beforeAll(async () => {
  studio = await testStudio();
});
afterAll(() => studio.close());

type Row = Partial<typeof schema.outputs.$inferInsert>;

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** An output as a run or an upload leaves it, with its bytes. */
async function output(viewer: Viewer, text: string, row: Row = {}): Promise<OutputId> {
  const { hash, sizeBytes } = await studio.artifacts.put(Readable.from([Buffer.from(text)]));
  await studio.database.db.insert(schema.artifacts).values({ hash, sizeBytes }).onConflictDoNothing();
  await studio.database.db.insert(schema.replicas).values({ hash, place: 'coordinator' }).onConflictDoNothing();
  const id = newId<OutputId>();
  const usual = { mediaType: 'image/png', modality: 'image' as const, caption: text, listed: true };
  await studio.database.db.insert(schema.outputs).values({ id, userId: viewer.id, hash, ...usual, ...row });
  return id;
}

const list = (viewer: Viewer, query: Partial<GalleryQuery> = {}) => studio.core.gallery.list(viewer, GalleryQuery.parse({ uploads: true, ...query }));
const ids = ({ items }: GalleryPage) => items.map((item) => item.id);
const dayMs = 86_400_000;
const forgetNothing = async () => undefined;

test('pages go from the newest to the oldest, without a gap and without doubling', async () => {
  const viewer = await person();
  const made: OutputId[] = [];
  for (const number of [1, 2, 3, 4, 5]) made.unshift(await output(viewer, `picture ${number}`));
  const first = await list(viewer, { limit: 2 });
  const second = await list(viewer, { limit: 2, before: first.next ?? undefined });
  const third = await list(viewer, { limit: 2, before: second.next ?? undefined });
  expect([...ids(first), ...ids(second), ...ids(third)]).toEqual(made);
  expect(third.next).toBeNull();
});

test('every word of a search has to begin a word of the caption, in any case and order', async () => {
  const viewer = await person();
  const apple = await output(viewer, 'A red-apple, on Élodie’s table (photo.png)');
  await output(viewer, 'a green pear');
  const find = async (search: string) => ids(await list(viewer, { search }));
  for (const words of ['red app', 'APPLE a', 'png', 'élo', 'tab photo', 'red-apple']) expect([words, await find(words)]).toEqual([words, [apple]]);
  for (const words of ['pple', 'red pear', 'redapple']) expect([words, await find(words)]).toEqual([words, []]);
});

test('pages of a search go on behind each other, however frequent the word is', async () => {
  const viewer = await person();
  const made: OutputId[] = [];
  for (let number = 0; number < 9; number += 1) made.unshift(await output(viewer, `${number % 3 === 0 ? 'rare fox' : 'fox'} ${number}`));
  for (const [search, wanted] of [
    ['fox', made],
    ['rar fo', made.filter((_, index) => index % 3 === 2)],
  ] as const) {
    const found: OutputId[] = [];
    let before: OutputId | undefined;
    do {
      const page = await list(viewer, { search, limit: 2, before });
      found.push(...ids(page));
      before = page.next ?? undefined;
    } while (before);
    expect(found).toEqual(wanted);
  }
});

test('nothing that is typed into the search breaks it', async () => {
  const viewer = await person();
  const id = await output(viewer, "it's 100% a \\ test & more");
  for (const typed of [
    "'",
    "it's",
    '"',
    '\\',
    'a & | ! b:*',
    '(((',
    ':*',
    '100%',
    '<->',
    '\u0000',
    '$1; DROP TABLE outputs',
    '🙂',
    'x'.repeat(200),
    ' '.repeat(200),
  ]) {
    await expect(list(viewer, { search: typed }), typed).resolves.toBeDefined();
  }
  expect(ids(await list(viewer, { search: "100% IT'S" }))).toEqual([id]);
});

test('a search for signs finds them as they are, or nothing; never everything', async () => {
  const viewer = await person();
  const [sale, apple, under, plain] = [
    await output(viewer, '100% wool'),
    await output(viewer, 'an apple 🍎 on snow'),
    await output(viewer, 'a_b'),
    await output(viewer, 'nothing more'),
  ];
  const find = async (search: string) => ids(await list(viewer, { search }));
  expect(await find('%')).toEqual([sale]);
  expect(await find('_')).toEqual([under]);
  expect(await find('🍎')).toEqual([apple]);
  expect(await find('apple 🍎')).toEqual([apple]);
  expect(await find('apple🍎')).toEqual([apple]);
  for (const none of ['🍏', 'apple 🍏', '% _', '%%', 'nothing 🍎', '⁂']) expect(await find(none), none).toEqual([]);
  expect(await find('nothing, more')).toEqual([plain]);
  expect(await find('nothing - more')).toEqual([plain]);
  expect((await studio.core.gallery.listPublic({ limit: 10, search: '🍏' })).items).toEqual([]);
});

test("a member sees their own; an owner sees everybody's on request, and a member may not ask for it", async () => {
  const [one, two] = [await person(), await person()];
  const id = await output(one, 'mine');
  expect(ids(await list(two))).toEqual([]);
  await expect(list(two, { everybody: true })).rejects.toMatchObject({ code: 'forbidden' });
  const seen = (await list(studio.owner, { everybody: true })).items.find((item) => item.id === id);
  expect(seen).toMatchObject({ mine: false, caption: 'mine' });
  await expect(studio.core.gallery.get(two, id)).rejects.toMatchObject({ code: 'not-found' });
  await expect(studio.core.gallery.change(two, id, { visibility: 'public' })).rejects.toMatchObject({ code: 'not-found' });
  await expect(studio.core.gallery.byHash(two, sha256('mine'))).rejects.toMatchObject({ code: 'not-found' });
  expect((await studio.core.gallery.byHash(one, sha256('mine'))).id).toBe(id);
});

test("a star is one person's, also on what is not listed by itself, and goes with the item", async () => {
  const viewer = await person();
  const frame = await output(viewer, 'a frame', { listed: false });
  expect((await studio.core.gallery.change(viewer, frame, { starred: true })).starred).toBe(true);
  expect(ids(await studio.core.gallery.list(viewer, GalleryQuery.parse({ starred: 'true' })))).toEqual([frame]);
  expect((await studio.core.gallery.get(studio.owner, frame)).item.starred).toBe(false);
  await studio.core.gallery.change(viewer, frame, { starred: false });
  expect(ids(await studio.core.gallery.list(viewer, GalleryQuery.parse({ starred: true })))).toEqual([]);
});

test('only what is public and not deleted is shown to anybody, and nothing of its maker', async () => {
  const viewer = await person();
  const [shown, hidden] = [await output(viewer, 'public thing'), await output(viewer, 'private thing')];
  await studio.core.gallery.change(viewer, shown, { visibility: 'public' });
  const page = await studio.core.gallery.listPublic({ limit: 10, search: 'thing' });
  expect(page.items.map((item) => item.id)).toEqual([shown]);
  expect(JSON.stringify(page)).not.toContain(viewer.id);
  await expect(studio.core.gallery.output(null, hidden)).rejects.toMatchObject({ code: 'not-found' });
  await studio.core.gallery.remove(viewer, [shown]);
  expect((await studio.core.gallery.listPublic({ limit: 10, search: 'thing' })).items).toEqual([]);
  await expect(studio.core.gallery.output(null, shown)).rejects.toMatchObject({ code: 'not-found' });
});

test('what was deleted is gone for reading, comes back within its days and not after them', async () => {
  const { gallery } = studio.core;
  const viewer = await person();
  const [id, other] = [await output(viewer, 'short-lived'), await output(await person(), 'not yours')];
  expect(await gallery.remove(viewer, [other, id])).toEqual([id]);
  expect(ids(await list(viewer))).toEqual([]);
  expect(ids(await list(viewer, { deleted: true }))).toEqual([id]);
  await expect(studio.core.bytes.readable(viewer, id)).rejects.toMatchObject({ code: 'not-found' });
  expect((await gallery.output(viewer, id, { deleted: true })).hash).toBe(sha256('short-lived'));
  const later = new Date(Date.now() + (limits.undoDays + 1) * dayMs);
  expect(await gallery.restore(viewer, [id], later)).toEqual([]);
  expect(await gallery.restore(viewer, [id])).toEqual([id]);
  expect(ids(await list(viewer))).toEqual([id]);
});

test('a purge takes rows after their days, and bytes only where nobody else has the same', async () => {
  await studio.core.gallery.purge(new Date(Date.now() + 2 * limits.undoDays * dayMs), forgetNothing);
  const viewer = await person();
  const [alone, shared] = [await output(viewer, 'only here'), await output(viewer, 'shared bytes')];
  const twin = await output(await person(), 'shared bytes');
  await studio.core.gallery.remove(viewer, [alone, shared]);
  expect(await studio.core.gallery.purge(new Date(Date.now() + (limits.undoDays - 1) * dayMs), forgetNothing)).toEqual({ outputs: 0, hashes: [] });
  const forgotten: string[] = [];
  const purged = await studio.core.gallery.purge(new Date(Date.now() + (limits.undoDays + 1) * dayMs), async (hash) => void forgotten.push(hash));
  expect(purged).toEqual({ outputs: 2, hashes: [sha256('only here')] });
  expect(forgotten).toEqual([sha256('only here')]);
  expect([await studio.artifacts.has(sha256('only here')), await studio.artifacts.has(sha256('shared bytes'))]).toEqual([false, true]);
  expect((await studio.core.gallery.output(studio.owner, twin)).hash).toBe(sha256('shared bytes'));
});

test('what a run that has not ended reads survives the purge, and what an ended one was given leaves its row', async () => {
  const viewer = studio.member;
  const upload = await output(viewer, 'a text to read', { mediaType: 'text/plain', modality: 'text' });
  const edge = await studio.addEdge('Slow');
  edge.behave = () => undefined;
  const { id: runId } = await studio.core.runs.create(viewer, request(upload), {});
  await edge.next('work');
  await studio.core.gallery.remove(viewer, [upload]);
  const later = new Date(Date.now() + (limits.undoDays + 1) * dayMs);
  expect(await studio.core.gallery.purge(later, forgetNothing)).toEqual({ outputs: 0, hashes: [] });
  expect(await studio.artifacts.has(sha256('a text to read'))).toBe(true);
  edge.behave = (order, self) => self.succeed(order, 'done');
  await edge.succeed(edge.orders[0] as never, 'done');
  await studio.runUntil(runId, (run) => run.state === 'succeeded');
  expect(await studio.core.gallery.purge(later, forgetNothing)).toEqual({ outputs: 0, hashes: [sha256('a text to read')] });
  expect(await studio.core.gallery.purge(later, forgetNothing)).toEqual({ outputs: 0, hashes: [] });
  expect((await studio.core.runs.get(viewer, runId)).inputs).toHaveLength(1);
  await edge.disconnect();
});

test('a result tells its recipe, what it was made from and what was made from it', async () => {
  const viewer = studio.member;
  const edge = await studio.addEdge('Writer');
  edge.behave = (order, self) => self.succeed(order, `${order.stepId} wrote this`);
  const upload = await output(viewer, 'once upon a time', { mediaType: 'text/plain', modality: 'text' });
  const { id: runId } = await studio.core.runs.create(viewer, request(upload), {});
  const run = await studio.runUntil(runId, (view) => view.state === 'succeeded');
  const [first, second] = run.steps.map((step) => step.outputs[0]) as [OutputView, OutputView];
  const { recipe, parents, children } = await studio.core.gallery.get(viewer, first.id);
  expect([parents.map((item) => item.id), children.map((item) => item.id)]).toEqual([[upload], [second.id]]);
  expect(recipe).toMatchObject({
    chain: { steps: [{ id: 'first', task: 'text-generation', model: 'writer', parameters: { seed: expect.any(Number) } }] },
    inputs: { text: { hash: sha256('once upon a time'), mediaType: 'text/plain', sizeBytes: 16 } },
    modelHashes: { first: { modelId: 'writer', modelHash: modelHash(textModel('writer')) } },
    result: { stepId: 'first', port: 'text', index: 0 },
  });
  expect((await studio.core.gallery.recipe(viewer, second.id)).chain.steps.map((step) => step.id)).toEqual(['first', 'second']);
  expect((await studio.core.gallery.get(viewer, upload)).children.map((item) => item.id)).toEqual([first.id]);
  await expect(studio.core.gallery.recipe(viewer, upload)).rejects.toMatchObject({ code: 'not-found' });
  expect(await studio.core.gallery.values(viewer, { runId, stepId: 'second', port: undefined })).toMatchObject({ values: [{ place: 0, id: second.id }] });
  await edge.disconnect();
});

const request = (upload: OutputId): NewRun => ({
  chain: {
    inputs: { text: { modality: 'text' as const } },
    steps: [
      { id: 'first', task: 'text-generation', parameters: {}, inputs: { prompt: 'inputs.text' } },
      { id: 'second', task: 'text-generation', parameters: {}, inputs: { prompt: 'first.text' } },
    ],
  },
  inputs: { text: { outputId: upload } },
  set: {},
  priority: 0,
  fresh: false,
});

test('running again makes again what was deleted, and says which input is gone', async () => {
  const viewer = studio.member;
  const edge = await studio.addEdge('Again');
  edge.behave = (order, self) => self.succeed(order, `${order.stepId} once more`);
  const upload = await output(viewer, 'to be read twice', { mediaType: 'text/plain', modality: 'text' });
  const { id } = await studio.core.runs.create(viewer, { ...request(upload), fresh: true }, {});
  const run = await studio.runUntil(id, (view) => view.state === 'succeeded');
  const first = run.steps[0]?.outputs[0] as OutputView;
  const again = { id, seed: 'same', fromStep: 'second', set: {}, fresh: true } as const;
  await studio.core.gallery.remove(viewer, [first.id]);
  const repeated = await studio.core.runs.again(viewer, again, {});
  expect(repeated.steps.map((step) => step.reused)).toEqual([false, false]);
  await studio.runUntil(repeated.id, (view) => view.state === 'succeeded');
  await studio.core.gallery.purge(new Date(Date.now() + 2 * limits.undoDays * dayMs), forgetNothing);
  expect((await studio.core.runs.again(viewer, again, {})).steps.map((step) => step.reused)).toEqual([false, false]);
  await studio.core.gallery.remove(viewer, [upload]);
  await expect(studio.core.runs.again(viewer, again, {})).rejects.toMatchObject({ code: 'not-found', message: expect.stringContaining('"text"') });
  await edge.disconnect();
});

test('a text that stands in a chain is there when it runs again, though the same text was deleted for good elsewhere', async () => {
  const viewer = await person();
  const edge = await studio.addEdge('Teller');
  const chain = { inputs: {}, steps: [{ id: 'tell', task: 'text-generation', parameters: {}, inputs: { prompt: [{ text: 'tell it twice' }] } }] };
  const { id } = await studio.core.runs.create(viewer, { chain, inputs: {}, set: {}, priority: 0, fresh: true }, {});
  await studio.runUntil(id, (run) => run.state === 'succeeded');
  await studio.core.gallery.remove(viewer, [await output(viewer, 'tell it twice', { mediaType: 'text/plain', modality: 'text' })]);
  const { hashes } = await studio.core.gallery.purge(new Date(Date.now() + 2 * limits.undoDays * dayMs), forgetNothing);
  expect(hashes).toContain(sha256('tell it twice'));
  const again = await studio.core.runs.again(viewer, { id, seed: 'same', set: {}, fresh: true }, {});
  expect(await studio.artifacts.has(sha256('tell it twice'))).toBe(true);
  await studio.runUntil(again.id, (run) => run.state === 'succeeded');
  await edge.disconnect();
});

async function person(): Promise<Viewer> {
  const id = newId<RunId>();
  await studio.database.db.insert(schema.user).values({ id, role: 'member', name: 'somebody', email: `${id}@example.org` });
  return { id, role: 'member' };
}
