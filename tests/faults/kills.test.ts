import { createHash } from 'node:crypto';
import type { RunEvent, RunView } from '@atelier/protocol';
import { seeded } from '@atelier/seeded';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { digestFleet, digestOf, giveDigest } from '../support/digest-fleet.ts';
import type { RunningProcess } from '../support/processes.ts';
import { Studio } from '../support/studio.ts';

const edges = ['North', 'South'];
const killsOfEachKind = 10;
/** Two branches from one step: five steps, four deep. Diamonds that join again are in the core's own tests. */
const chain = {
  name: 'Digest fork',
  inputs: { text: { modality: 'text' as const } },
  steps: [
    { id: 'first', task: 'text-generation', inputs: { prompt: 'inputs.text' } },
    { id: 'left', task: 'text-generation', inputs: { prompt: 'first.text' } },
    { id: 'right', task: 'text-generation', inputs: { prompt: 'first.text' } },
    { id: 'after-left', task: 'text-generation', inputs: { prompt: 'left.text' } },
    { id: 'last', task: 'text-generation', inputs: { prompt: 'after-left.text' } },
  ],
};

function expectedTexts(input: string): Record<string, string> {
  const first = digestOf(input);
  const left = digestOf(first);
  const afterLeft = digestOf(left);
  return { first, left, right: digestOf(first), 'after-left': afterLeft, last: digestOf(afterLeft) };
}

const random = seeded('kills');
let studio: Studio;

beforeAll(async () => {
  studio = new Studio({ fleet: digestFleet(edges) });
  giveDigest(studio, edges, 120);
  await studio.start();
  await studio.offered('digest', 2);
});

afterAll(async () => {
  await studio[Symbol.asyncDispose]();
});

/** Every step succeeded, its result was committed once, by one attempt, and says what it must. */
function expectWholeRun(run: RunView, input: string): void {
  expect(run.state, JSON.stringify(run.error)).toBe('succeeded');
  const texts = expectedTexts(input);
  for (const step of run.steps) {
    expect(step.state).toBe('succeeded');
    expect(step.outputs.map(({ port, index, hash }) => ({ port, index, hash }))).toEqual([
      {
        port: 'text',
        index: 0,
        hash: createHash('sha256')
          .update(texts[step.id] as string)
          .digest('hex'),
      },
    ]);
    expect(step.attempts.filter((attempt) => attempt.state === 'succeeded')).toHaveLength(1);
  }
}

/** Kills something at the n-th event of a run, or at the first event after it at which there is something to kill. */
async function runWithKill(kill: () => Promise<void> | undefined, label: string): Promise<RunView> {
  const input = `${label} ${random.next()}`;
  const run = await studio.client.api.runs.create({ chain, inputs: { text: { text: input } } });
  const at = 1 + random.below(18);
  let seen = 0;
  let killing: Promise<void> | undefined;
  const onEvent = (event: RunEvent) => {
    seen += 1;
    if (seen < at || killing || event.kind === 'ended') return;
    killing = kill();
    killing?.catch(() => undefined);
  };
  const ended = await studio.ended(run.id, onEvent);
  await killing;
  expect(killing, `the run ended after ${seen} events, before the kill at ${at}`).toBeDefined();
  expectWholeRun(ended, input);
  return ended;
}

/** Ends one of these processes, if there is one. */
function strike(processes: readonly RunningProcess[]): Promise<void> | undefined {
  if (processes.length === 0) return undefined;
  process.kill(random.pick(processes).pid, 'SIGKILL');
  return Promise.resolve();
}

test(`${killsOfEachKind} kills of slots in mid-run: every run ends well, each result committed once`, async () => {
  for (let kill = 0; kill < killsOfEachKind; kill += 1) await runWithKill(() => strike(studio.slots()), `slot ${kill}`);
});

test(`${killsOfEachKind} kills of edges in mid-run: every run ends well, each result committed once`, async () => {
  for (let kill = 0; kill < killsOfEachKind; kill += 1) await runWithKill(() => strike(studio.edges()), `edge ${kill}`);
  await studio.offered('digest', 2);
});

test(`${killsOfEachKind} kills of the coordinator in mid-run: every run ends well, each result committed once`, async () => {
  for (let kill = 0; kill < killsOfEachKind; kill += 1) {
    await runWithKill(async () => {
      await studio.kill();
      await studio.start();
    }, `coordinator ${kill}`);
  }
});
