import { Readable } from 'node:stream';
import { type Dimensions, NewRun, type OutputId, PlanRequest, type RunView } from '@atelier/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestEdge, type TestStudio, testStudio, textModel } from '../studio.test-support.ts';

let studio: TestStudio;
let edge: TestEdge;

beforeAll(async () => {
  studio = await testStudio();
  edge = await studio.addEdge('Only', [textModel('ear', ['automatic-speech-recognition']), textModel('glass', ['image-upscaling'])]);
});
afterAll(() => studio.close());

async function upload(mediaType: string, dimensions: Dimensions): Promise<OutputId> {
  const stored = await studio.artifacts.put(Readable.from([Buffer.from(JSON.stringify(dimensions))]), { mediaType });
  return (await studio.core.bytes.recordUpload(studio.member, { ...stored, mediaType }, { name: 'given', listed: true, dimensions })).outputId;
}

async function planned(chain: string, outputId: OutputId): Promise<number> {
  // By its own name, or as the only input, like those of a run; what the chain does not read changes nothing.
  const seconds = [];
  for (const name of [portOf(chain), 'input']) {
    const inputs = { [name]: { outputId }, constructor: { outputId }, another: { outputId } };
    const { chain: resolved, plans } = await studio.core.runs.plan(studio.member, PlanRequest.parse({ chain, inputs }));
    expect(resolved.steps).toHaveLength(1);
    seconds.push(plans[0]?.steps[0]?.prediction.runSeconds ?? 0);
  }
  expect(seconds[0]).toBe(seconds[1]);
  return seconds[0] as number;
}

const portOf = (chain: string) => (chain === 'image-upscaling' ? 'image' : 'audio');
const begin = async (chain: string, outputId: OutputId): Promise<RunView> =>
  studio.core.runs.create(studio.member, NewRun.parse({ chain, inputs: { input: { outputId } } }), {});

test('a plan, a run and its remaining time know how long an uploaded recording is', async () => {
  const short = await upload('audio/wav', { seconds: 10 });
  const long = await upload('audio/wav', { seconds: 600 });
  const chain = 'automatic-speech-recognition';
  expect((await planned(chain, long)) / (await planned(chain, short))).toBeCloseTo(60, 4);
  edge.behave = () => undefined;
  const runs = [await begin(chain, short), await begin(chain, long)] as const;
  const [first, second] = runs.map((run) => run.plan?.steps[0]?.prediction.runSeconds ?? 0);
  expect((second ?? 0) / (first ?? 1)).toBeCloseTo(60, 4);
  for (const { id } of runs) await studio.core.runs.cancel(studio.member, id);
});

test('an image of four times the pixels is planned to take four times as long, and nobody plans with what is not theirs', async () => {
  const small = await upload('image/png', { width: 300, height: 200 });
  const large = await upload('image/png', { width: 600, height: 400 });
  const usual = await upload('image/png', {});
  expect((await planned('image-upscaling', large)) / (await planned('image-upscaling', small))).toBeCloseTo(4, 4);
  const asOther = await studio.core.runs.plan(studio.other, PlanRequest.parse({ chain: 'image-upscaling', inputs: { image: { outputId: large } } }));
  expect(asOther.plans[0]?.steps[0]?.prediction.runSeconds).toBeCloseTo(await planned('image-upscaling', usual), 6);
});

test('what a run took is measured by the size of its input, and its result is as large as was expected', async () => {
  const given = await upload('image/png', { width: 256, height: 128 });
  edge.behave = (order, one) => one.succeed(order);
  const { id } = await begin('image-upscaling', given);
  await studio.runUntil(id, ({ state }) => state === 'succeeded');
  const { rows } = await studio.database.pool.query("SELECT work FROM measurements WHERE task = 'image-upscaling'");
  expect(rows).toEqual([{ work: 4 * ((256 * 128) / 512 ** 2) }]);
  const made = await studio.database.pool.query('SELECT dimensions FROM outputs WHERE run_id = $1', [id]);
  expect(made.rows).toEqual([{ dimensions: { width: 512, height: 256 } }]);
  const again = await studio.core.runs.again(studio.member, { id, set: {}, seed: 'same', fresh: true }, {});
  expect(again.plan?.steps[0]?.prediction.runSeconds).toBeGreaterThan(0);
});
