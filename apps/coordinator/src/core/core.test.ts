import { NewRun } from '@atelier/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestEdge, type TestStudio, testStudio } from './edge-for-tests.ts';

let studio: TestStudio;
let edge: TestEdge;

beforeAll(async () => {
  studio = await testStudio();
  edge = await studio.addEdge('Server1', undefined, 2);
});
afterAll(() => studio.close());

const line = NewRun.parse({ chain: 'text-generation, text-generation', inputs: { input: { text: 'a red apple' } } });
const diamond = NewRun.parse({
  inputs: { prompt: { text: 'a red apple' } },
  chain: {
    steps: [
      { id: 'top', task: 'text-generation', inputs: { prompt: 'inputs.prompt' } },
      { id: 'left', task: 'text-generation', inputs: { prompt: 'top.text' } },
      { id: 'right', task: 'text-generation', inputs: { prompt: 'top.text' } },
      { id: 'join', task: 'join-texts', inputs: { texts: ['left.text', 'right.text'] } },
    ],
    inputs: { prompt: { modality: 'text' } },
  },
});

test('a run goes from its creation over every step to its end, and each result tells how it was made', async () => {
  const created = await studio.core.createRun(studio.member, line, {});
  const run = await studio.runUntil(created.id, (view) => view.state === 'succeeded');
  expect(run.steps.map((step) => [step.state, step.attempts.length, step.outputs.length])).toEqual([
    ['succeeded', 1, 1],
    ['succeeded', 1, 1],
  ]);
  const [first, second] = run.steps;
  expect(second?.outputs[0]?.recipe.inputs).toEqual({ prompt: [first?.outputs[0]?.hash] });
  expect(first?.parameters.seed).toEqual(expect.any(Number));
  expect(edge.orders[0]?.inputs[0]?.tickets.map((ticket) => ticket.from)).toEqual(['coordinator']);
});
