import path from 'node:path';
import type { ControlView, OutputId, RunEvent, RunId, RunView, StepView } from '@atelier/protocol';
import { countOf } from '../models/count.ts';
import { within } from './deadline.ts';
import { digestFleet, giveModels } from './digest-fleet.ts';
import { Studio } from './studio.ts';

/** The module to be named with `--tasks`. */
export const counterTask = path.join(import.meta.dirname, '../models/counter-task.ts');

/** Manifest of a counter, for an edge's own file. Its results are the same each time. */
export const counterModel = {
  id: 'counter',
  title: 'Counter',
  shortName: 'counter',
  summary: 'Counts.',
  driver: 'counter',
  tasks: ['counter'],
  licence: 'Apache-2.0',
  files: [],
  memoryBytes: 0,
  reproducible: true,
  prior: { loadSeconds: 0, runSeconds: 1 },
  options: {},
};

/** What a step that has ended should have come to by its own record. */
export function countByRecord({ parameters, controls }: StepView, shard = 0): string {
  const changes = (controls?.newest ?? [])
    .flatMap(({ kind, value, at }) =>
      kind === 'size' ? at.filter((one) => one.shard === shard).map(({ position }) => ({ at: position, size: Number(value.size) })) : [],
    )
    .sort((a, b) => a.at - b.at);
  return String(countOf({ iterations: Number(parameters.iterations), size: Number(parameters.size), shard }, changes));
}

export const appliedOf = ({ steps }: RunView): ControlView[] => (steps[0]?.controls?.newest ?? []).filter(({ state }) => state === 'applied');

/** A studio whose edges count. */
export function countingStudio(names: readonly string[], slots = 1): Studio {
  const studio = new Studio({ fleet: digestFleet(names, slots, ['counter']), tasks: [counterTask] });
  for (const name of names) giveModels(studio, name, [counterModel]);
  return studio;
}

/** Starts a count. Without an end in sight unless `iterations` says so. */
export async function beginCount(studio: Studio, set: Readonly<Record<string, number>>, more: { fresh?: boolean; edge?: string } = {}): Promise<RunView> {
  const { edge, ...request } = more;
  const chain = { steps: [{ id: 'count', task: 'counter', parameters: { ...set }, ...(edge && { edge }) }] };
  return studio.client.api.runs.create({ chain, ...request });
}

/** The first event of a run that fits, over broken connections. */
export async function eventOf(studio: Studio, id: RunId, what: string, fits: (event: RunEvent) => boolean): Promise<RunEvent> {
  const watching = async () => {
    for await (const event of studio.client.watchRun(id)) if (fits(event)) return event;
    throw new Error(`the run ended before ${what}`);
  };
  return within(what, watching());
}

/** Waits until a run has counted beyond an iteration. */
export const counted = (studio: Studio, id: RunId, beyond = 0) =>
  eventOf(studio, id, `iteration ${beyond}`, (event) => event.kind === 'progress' && Number(event.message?.slice('at '.length)) > beyond);

export const setSize = (studio: Studio, id: RunId, size: number, number?: number) =>
  studio.client.api.runs.control({ id, stepId: 'count', kind: 'size', value: { size }, ...(number !== undefined && { number }) });

/** Waits until these controls took effect. */
export async function applied(studio: Studio, id: RunId, ...numbers: number[]): Promise<void> {
  const missing = new Set(numbers);
  await eventOf(studio, id, `controls ${numbers.join(', ')}`, (event) => {
    const seen = seenIn(event);
    for (const { number, state } of seen) if (state === 'applied') missing.delete(number);
    return missing.size === 0;
  });
}

/** Controls that an event tells of. */
function seenIn(event: RunEvent): readonly ControlView[] {
  if (event.kind === 'control') return [event.control];
  if (event.kind === 'snapshot') return appliedOf(event.run);
  return event.kind === 'step' ? (event.step.controls?.newest ?? []) : [];
}

/** What a run came to. */
export async function countIn(studio: Studio, { steps }: RunView, index = 0): Promise<string> {
  return (await studio.client.download(steps[0]?.outputs[index]?.id as OutputId)).text();
}
