import { createHash } from 'node:crypto';
import type { GalleryDetail, GalleryItem, GalleryPage, PublicPage, RunView } from '@atelier/protocol';
import { readRecipe } from '@atelier/recipe';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { errorOf, type Made, type TestCoordinator, testCoordinator, testModel, workingEdge } from '../coordinator.test-support.ts';
import { gifOf, mp4Of, pngOf } from '../files.test-support.ts';

let coordinator: TestCoordinator;
let token: string;
const closers: (() => Promise<void>)[] = [];

/** What each model of the test makes. */
const made: Record<string, Made> = {
  painter: { port: 'image', mediaType: 'image/png', bytes: pngOf(90, 32) },
  filmer: { port: 'video', mediaType: 'video/mp4', bytes: mp4Of(new Uint8Array(200_000).fill(7)) },
  mover: { port: 'video', mediaType: 'image/gif', bytes: gifOf('by nobody') },
  writer: { port: 'text', mediaType: 'text/plain', bytes: Buffer.from('a red apple') },
};

beforeAll(async () => {
  coordinator = await testCoordinator();
  token = (await coordinator.person('member')).token;
  const models = [
    testModel('painter', ['text-to-image']),
    testModel('filmer', ['image-to-video']),
    testModel('mover', ['image-to-video']),
    testModel('writer', ['text-generation']),
  ];
  const edge = await workingEdge(coordinator, models, (order) => made[order.modelId] as Made);
  closers.push(() => edge.close());
});
afterAll(async () => {
  for (const close of closers) await close();
  await coordinator.close();
});

const json = async <T>(path: string, options: Parameters<TestCoordinator['call']>[1] = {}) =>
  (await (await coordinator.call(path, { token, ...options })).json()) as T;

/** Writes, draws and films; the first result of each step. */
async function run(filmer: 'filmer' | 'mover'): Promise<Record<'write' | 'draw' | 'film', string> & { runId: string }> {
  const steps = [
    { id: 'write', task: 'text-generation', inputs: { prompt: 'inputs.wish' } },
    { id: 'draw', task: 'text-to-image', inputs: { prompt: 'write.text' } },
    { id: 'film', task: 'image-to-video', model: filmer, inputs: { image: 'draw.image' } },
  ];
  const body = { chain: { inputs: { wish: { modality: 'text' } }, steps }, inputs: { wish: { text: 'a secret wish' } }, set: { seed: 7 } };
  const { id } = await json<RunView>('/api/runs', { body });
  await (await coordinator.call(`/api/runs/${id}/events`, { token })).text();
  const view = await json<RunView>(`/api/runs/${id}`);
  const first = (step: string) => view.steps.find((one) => one.id === step)?.outputs[0]?.id as string;
  return { runId: id, write: first('write'), draw: first('draw'), film: first('film') };
}

const content = (id: string, more: { headers?: Record<string, string>; query?: string; token?: string } = {}) =>
  coordinator.call(`/api/outputs/${id}/content${more.query ?? ''}`, { token: more.token ?? token, headers: more.headers ?? {} });
const bytesOf = async (answer: Response) => Buffer.from(await answer.arrayBuffer());
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

test('a picture, a GIF and a film are served with their recipe inside, and as they are on request', async () => {
  const still = await run('filmer');
  const moving = await run('mover');
  const served: [string, Made | undefined, string[]][] = [
    [still.draw, made.painter, ['write', 'draw']],
    [still.film, made.filmer, ['write', 'draw', 'film']],
    [moving.film, made.mover, ['write', 'draw', 'film']],
  ];
  for (const [id, own, steps] of served) {
    const answer = await content(id);
    const bytes = await bytesOf(answer);
    const recipe = readRecipe(bytes);
    expect(
      recipe?.chain.steps.map((step) => step.id),
      own?.mediaType,
    ).toEqual(steps);
    expect(recipe?.inputs).toEqual({ wish: { text: 'a secret wish' } });
    expect(recipe?.chain.steps.every((step) => step.model !== undefined && step.parameters.seed !== null)).toBe(true);
    expect(recipe).toEqual(await json(`/api/outputs/${id}/recipe`));
    expect(answer.headers.get('content-length')).toBe(String(bytes.length));
    const raw = await content(id, { query: '?raw=1' });
    expect(answer.headers.get('etag')).not.toBe(raw.headers.get('etag'));
    expect(sha256(await bytesOf(raw))).toBe(sha256(own?.bytes as Uint8Array));
  }
});

test('ranges of a file with its recipe are those of the whole file, and its name is the same each time', async () => {
  const { film } = await run('filmer');
  const whole = await content(film);
  const etag = whole.headers.get('etag') as string;
  const bytes = await bytesOf(whole);
  const last = bytes.length - 1;
  for (const [start, end] of [
    [0, 0],
    [0, 99],
    [199_990, 200_100],
    [last - 10, last],
    [0, last],
  ] as const) {
    const part = await content(film, { headers: { range: `bytes=${start}-${end}`, 'if-range': etag } });
    expect([part.status, part.headers.get('content-range'), part.headers.get('etag')]).toEqual([206, `bytes ${start}-${end}/${bytes.length}`, etag]);
    expect((await bytesOf(part)).equals(bytes.subarray(start, end + 1))).toBe(true);
  }
  expect((await content(film, { headers: { range: `bytes=${bytes.length}-` } })).status).toBe(416);
  expect((await content(film, { headers: { 'if-none-match': etag } })).status).toBe(304);
});

test('a text, and an upload that carries a recipe of its own, are served as they are', async () => {
  const { write, draw } = await run('filmer');
  expect((await bytesOf(await content(write))).toString()).toBe('a red apple');
  const saved = await bytesOf(await content(draw));
  const uploaded = await upload(saved);
  expect((await bytesOf(await content(uploaded))).equals(saved)).toBe(true);
  expect((await coordinator.call(`/api/outputs/${uploaded}/recipe`, { token })).status).toBe(404);
});

async function upload(bytes: Buffer): Promise<string> {
  const headers = { 'tus-resumable': '1.0.0', 'upload-length': String(bytes.length) };
  const begun = await coordinator.call('/api/uploads', { method: 'POST', token, headers });
  const id = begun.headers.get('location')?.split('/').at(-1);
  const more = { 'tus-resumable': '1.0.0', 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' };
  await coordinator.call(`/api/uploads/${id}`, { method: 'PATCH', token, headers: more, body: bytes });
  return (await json<{ outputId: string }>(`/api/uploads/${id}/result`)).outputId;
}

test('the gallery lists, finds, stars and tells the family of what was made, over HTTP', async () => {
  const { write, draw, film } = await run('filmer');
  const page = await json<GalleryPage>('/api/gallery?limit=3&modality=image');
  expect(page.items[0]).toMatchObject({ id: draw, task: 'text-to-image', mine: true, starred: false, visibility: 'private' });
  expect((await json<GalleryPage>(`/api/gallery?modality=image&before=${page.items[0]?.id}`)).items.map((item) => item.id)).not.toContain(draw);
  await json<GalleryItem>(`/api/gallery/${draw}`, { method: 'PATCH', body: { starred: true } });
  expect((await json<GalleryPage>('/api/gallery?starred=true')).items.map((item) => item.id)).toEqual([draw]);
  const detail = await json<GalleryDetail>(`/api/gallery/${draw}`);
  expect([detail.parents.map((item) => item.id), detail.children.map((item) => item.id)]).toEqual([[write], [film]]);
  const byHash = await json<GalleryItem>(`/api/gallery/by-hash/${detail.item.hash}`);
  expect(byHash.hash).toBe(detail.item.hash);
  const other = (await coordinator.person('member')).token;
  expect((await coordinator.call(`/api/gallery/by-hash/${detail.item.hash}`, { token: other })).status).toBe(404);
  expect((await coordinator.call('/api/gallery?everybody=true', { token: other })).status).toBe(403);
});

test('what is deleted is not found by anybody, but shows small in the list of deleted ones, and can come back', async () => {
  const { draw, film } = await run('filmer');
  expect((await coordinator.call(`/api/outputs/${film}/thumbnail`, { token })).headers.get('content-type')).toBe('image/webp');
  expect(await json('/api/gallery/remove', { body: { ids: [draw] } })).toEqual({ ids: [draw] });
  expect((await content(draw)).status).toBe(404);
  expect((await content(draw, { token: coordinator.ownerToken })).status).toBe(404);
  expect((await coordinator.call(`/api/outputs/${draw}/thumbnail?size=64`, { token })).status).toBe(200);
  expect((await json<GalleryPage>('/api/gallery?deleted=true')).items.map((item) => item.id)).toContain(draw);
  await json('/api/gallery/restore', { body: { ids: [draw] } });
  expect((await content(draw)).status).toBe(200);
});

test('without sign-in only public things are shown: with their recipe, small, and nothing of their maker', async () => {
  const { draw, film } = await run('filmer');
  const anybody = (path: string) => coordinator.call(path);
  expect((await anybody(`/api/public/outputs/${draw}/content`)).status).toBe(404);
  await json(`/api/gallery/${draw}`, { method: 'PATCH', body: { visibility: 'public' } });
  const shown = await anybody(`/api/public/outputs/${draw}/content`);
  expect([shown.status, readRecipe(await bytesOf(shown))?.result.stepId]).toEqual([200, 'draw']);
  expect((await anybody(`/api/public/outputs/${draw}/thumbnail`)).status).toBe(200);
  expect((await anybody(`/api/public/outputs/${film}/content`)).status).toBe(404);
  const page = (await (await anybody('/api/public/gallery')).json()) as PublicPage;
  expect(page.items.map((item) => item.id)).toEqual([draw]);
  expect(Object.keys(page.items[0] ?? {}).sort()).toEqual(['caption', 'createdAt', 'id', 'mediaType', 'modality', 'sizeBytes', 'task']);
  expect((await anybody('/public')).headers.get('content-type')).toContain('text/html');
  await json(`/api/gallery/${draw}`, { method: 'PATCH', body: { visibility: 'private' } });
  expect((await anybody(`/api/public/outputs/${draw}/thumbnail`)).status).toBe(404);
});

test('frames of a step that made one value come as a zip, and a port that the step does not have is told with those that it has', async () => {
  const { runId } = await run('filmer');
  const zip = await coordinator.call(`/api/runs/${runId}/steps/draw/frames.zip`, { token });
  expect([zip.status, zip.headers.get('content-type')]).toEqual([200, 'application/zip']);
  expect((await bytesOf(zip)).includes('frame-0001.png')).toBe(true);
  const nobody = (await coordinator.person('member')).token;
  expect((await coordinator.call(`/api/runs/${runId}/steps/draw/frames.zip`, { token: nobody })).status).toBe(404);
  const none = await coordinator.call(`/api/runs/${runId}/steps/draw/frames.zip?port=nothing`, { token });
  expect([none.status, await errorOf(none)]).toEqual([400, expect.objectContaining({ code: 'invalid-input', hint: 'It makes: image.' })]);
});

test('a run is listed and saved whole: every step in its order, each image of a batch with its own seed, without what was deleted', async () => {
  const steps = [
    { id: 'write', task: 'text-generation', inputs: { prompt: 'inputs.wish' } },
    { id: 'draw', task: 'text-to-image', parameters: { count: 3, seed: 2 ** 32 - 2 }, inputs: { prompt: 'write.text' } },
  ];
  const body = { chain: { inputs: { wish: { modality: 'text' } }, steps }, inputs: { wish: { text: 'three of them' } } };
  const { id } = await json<RunView>('/api/runs', { body });
  await (await coordinator.call(`/api/runs/${id}/events`, { token })).text();
  const view = await json<RunView>(`/api/runs/${id}`);
  const drawn = view.steps[1]?.outputs.map((output) => output.id) ?? [];
  const listed = await json<GalleryPage>(`/api/gallery?runId=${id}`);
  expect(listed.items.map((item) => item.id).sort()).toEqual([view.steps[0]?.outputs[0]?.id, ...drawn].sort());
  const other = (await coordinator.person('member')).token;
  expect((await json<GalleryPage>(`/api/gallery?runId=${id}`, { token: other })).items).toEqual([]);
  expect((await json<GalleryPage>(`/api/gallery?runId=${id}`, { token: coordinator.ownerToken })).items).toHaveLength(4);

  const address = `/api/runs/${id}/results.zip`;
  const whole = await bytesOf(await coordinator.call(address, { token }));
  expect(namesIn(whole)).toEqual(['01-write.txt', '02-draw-0001.png', '02-draw-0002.png', '02-draw-0003.png']);
  expect(seedsIn(whole)).toEqual([2 ** 32 - 2, 2 ** 32 - 1, 0]);
  expect(seedsIn(await bytesOf(await coordinator.call(`/api/runs/${id}/steps/draw/frames.zip`, { token })))).toEqual([2 ** 32 - 2, 2 ** 32 - 1, 0]);
  await json('/api/gallery/remove', { body: { ids: [drawn[1]] } });
  expect(seedsIn(await bytesOf(await coordinator.call(address, { token })))).toEqual([2 ** 32 - 2, 0]);
  expect((await json<GalleryPage>(`/api/gallery?runId=${id}&deleted=true`)).items.map((item) => item.id)).toEqual([drawn[1]]);
  expect((await coordinator.call(address, { token: other })).status).toBe(404);
  await json('/api/gallery/remove', { body: { ids: view.steps.flatMap((step) => step.outputs.map((output) => output.id)) } });
  const none = await coordinator.call(address, { token });
  expect([none.status, (await errorOf(none)).code]).toEqual([409, 'conflict']);
});

/** Names of a zip's files, by the headers before each of them. */
function namesIn(zip: Buffer): string[] {
  return startsOf(zip, Buffer.from('PK\x03\x04', 'latin1')).map((at) => zip.subarray(at + 30, at + 30 + zip.readUInt16LE(at + 26)).toString());
}

/** Seeds of the last step in the recipes of a zip's images, which lie in it as they are. */
function seedsIn(zip: Buffer): unknown[] {
  return startsOf(zip, Buffer.from('\x89PNG', 'latin1')).map((at) => readRecipe(zip.subarray(at))?.chain.steps.at(-1)?.parameters.seed);
}

function startsOf(bytes: Buffer, sign: Buffer): number[] {
  const starts: number[] = [];
  for (let at = bytes.indexOf(sign); at >= 0; at = bytes.indexOf(sign, at + 1)) starts.push(at);
  return starts;
}
