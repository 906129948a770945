import { type Dimensions, resolveChain } from '@atelier/protocol';
import { expect, test } from 'vitest';
import { expectSteps } from './expect-steps.ts';
import type { FleetSnapshot, Measurement } from './fleet.ts';
import { summariseMeasurements } from './measurements.ts';
import { planChain } from './plan-chain.ts';
import { edgeId, manifest } from './random-fleet.ts';

const hearing = resolveChain({ steps: ['automatic-speech-recognition'] });
const enlarging = resolveChain({ steps: ['image-upscaling'] });
const tasks = ['automatic-speech-recognition', 'image-upscaling', 'text-to-image'];

function fleetWith(measurements: readonly Measurement[] = [], pictureSide?: number): FleetSnapshot {
  const models = tasks.map((task) => {
    const own = manifest(task, [task], { prior: { loadSeconds: 1, runSeconds: 3 }, ...(task === 'text-to-image' && pictureSide ? { pictureSide } : {}) });
    return { manifest: own, modelHash: task, state: 'ready' as const, loaded: true };
  });
  const only = { id: edgeId(1), name: 'Only', state: 'online' as const, slots: 1, modelMemoryBytes: 1e9, relayOnly: false, queuedSeconds: 0, models };
  return { edges: [only], links: [], ...summariseMeasurements(measurements) };
}

/** Seconds that a chain of one step takes with an input of these dimensions. */
function seconds(chain: typeof hearing, dimensions: Dimensions | undefined, fleet = fleetWith()): number {
  const name = Object.keys(chain.inputs)[0] as string;
  return planChain(chain, fleet, { count: 1, inputs: { [name]: { bytes: 1000, at: [], dimensions } } }).plans[0]?.steps[0]?.prediction.runSeconds as number;
}

const measured = (task: string, work: number, runSeconds: number): Measurement => ({
  edgeId: edgeId(1),
  modelId: task,
  task,
  work,
  cold: false,
  runSeconds,
  loadSeconds: 0,
  outputBytes: {},
});

test('a recording of ten minutes takes sixty times as long as one of ten seconds, measured or not', () => {
  const known = fleetWith([measured('automatic-speech-recognition', 3, 6)]);
  for (const fleet of [fleetWith(), known]) {
    expect(seconds(hearing, { seconds: 600 }, fleet) / seconds(hearing, { seconds: 10 }, fleet)).toBeCloseTo(60, 6);
  }
  expect(seconds(hearing, { seconds: 10 })).toBeCloseTo(3, 6);
});

test('an image of four times the pixels takes four times as long to enlarge', () => {
  expect(seconds(enlarging, { width: 800, height: 600 }) / seconds(enlarging, { width: 400, height: 300 })).toBeCloseTo(4, 6);
  expect(seconds(enlarging, { width: 512, height: 512 })).toBeCloseTo(3, 6);
});

test('an input of which nothing is known counts as one of usual size, and what was measured before dimensions were known still tells', () => {
  const old = fleetWith([measured('automatic-speech-recognition', 1, 8), measured('image-upscaling', 4, 8)]);
  for (const [chain, usual] of [
    [hearing, { seconds: 10 }],
    [enlarging, { width: 512, height: 512 }],
  ] as const) {
    for (const fleet of [fleetWith(), old]) expect(seconds(chain, undefined, fleet)).toBeCloseTo(seconds(chain, usual, fleet), 6);
    expect(seconds(chain, undefined, old)).toBeGreaterThan(seconds(chain, undefined));
    expect(Number.isFinite(seconds(chain, {}, old))).toBe(true);
  }
});

test('what an earlier step makes is as large as its parameters say, or as its model draws', () => {
  const work = (parameters: Record<string, unknown>, side?: number) => {
    const chain = resolveChain({ steps: [{ task: 'text-to-image', parameters }, 'image-upscaling', { task: 'image-upscaling', parameters: { factor: 3 } }] });
    const expected = expectSteps(chain, fleetWith([], side), {});
    return chain.steps.slice(1).map(({ id }) => expected.get(id)?.work);
  };
  expect(work({ width: 512, height: 512 })).toEqual([4, 9 * 4]);
  expect(work({ width: 1024, height: 512 }, 128)).toEqual([8, 9 * 8]);
  expect(work({}, 128)).toEqual([4 / 16, (9 * 4) / 16]);
  expect(work({ width: 1024 }, 512)).toEqual([8, 9 * 8]);
  expect(work({})).toEqual([4, 9]);
});
