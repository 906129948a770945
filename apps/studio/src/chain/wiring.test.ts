import { listTasks, resolveChain, taskView } from '@atelier/protocol';
import { expect, test } from 'vitest';
import { chainInputs } from './chain-inputs.ts';
import { append, chainOf, type Draft, emptyDraft, without } from './draft.ts';
import { isBranched, lanesOf } from './lanes.ts';
import { graphOf, readersOf, sourceChoices, withBranch, withNewInput, withoutUnread, withWire } from './wiring.ts';

const tasks = listTasks().map(taskView);
const line = (...names: string[]) => names.reduce<Draft>(append, emptyDraft);
const resolved = (draft: Draft) => resolveChain(chainOf(draft));
const inputsOf = (draft: Draft, id: string) => resolved(draft).steps.find((step) => step.id === id)?.inputs;
const branched = (draft: Draft) => isBranched(graphOf(readersOf(draft, tasks)), (id) => !id.startsWith('inputs.'));

test('a step that is added from another reads that one, whatever stands between them, and the chain is drawn with a branch', () => {
  const before = line('text-generation', 'text-to-image', 'image-to-video');
  expect(branched(before)).toBe(false);
  const draft = withBranch(before, tasks, 'text-generation', 'text-to-image');
  expect(inputsOf(draft, 'text-to-image-2')).toEqual({ prompt: ['text-generation.text'] });
  expect(inputsOf(draft, 'text-to-image')).toEqual({ prompt: ['text-generation.text'] });
  expect(branched(draft)).toBe(true);
  expect(lanesOf(graphOf(readersOf(draft, tasks))).map(({ id }) => id)).toEqual([
    'inputs.prompt',
    'text-generation',
    'text-to-image',
    'image-to-video',
    'text-to-image-2',
  ]);
  expect(withBranch(before, tasks, 'image-to-video', 'text-to-image')).toEqual(before);
});

test('the choices of a port are the inputs and the earlier steps of its modality, each of which the studio takes', () => {
  const draft = line('text-generation', 'text-generation', 'text-to-image', 'image-to-image');
  const step = draft.steps[3] as Draft['steps'][number];
  const choices = sourceChoices(draft, tasks, step, 'prompt');
  expect(choices).toEqual([
    { source: 'inputs.prompt', label: 'Input prompt' },
    { source: 'text-generation.text', label: 'Text to text 1' },
    { source: 'text-generation.usage', label: 'Text to text 1: Usage' },
    { source: 'text-generation-2.text', label: 'Text to text 2' },
    { source: 'text-generation-2.usage', label: 'Text to text 2: Usage' },
  ]);
  for (const { source } of choices) expect(inputsOf(withWire(draft, tasks, { id: step.id, port: 'prompt' }, [source]), step.id)?.prompt).toEqual([source]);
  expect(sourceChoices(draft, tasks, step, 'image')).toEqual([{ source: 'text-to-image.image', label: 'Text to image' }]);
});

test('a port that is left to the rule again is wired as before, and an input that nobody reads any more goes', () => {
  const draft = line('text-generation', 'text-to-image');
  const at = { id: 'text-to-image', port: 'prompt' };
  const own = withNewInput(draft, tasks, at);
  expect(Object.keys(chainInputs(own, tasks))).toEqual(['prompt', 'prompt2']);
  expect(inputsOf(own, 'text-to-image')).toEqual({ prompt: ['inputs.prompt2'] });
  const back = withWire(own, tasks, at, undefined);
  expect(resolved(back)).toEqual(resolved(draft));
});

test('an input goes with the step that alone read it', () => {
  const own = withNewInput(line('text-generation', 'text-to-image'), tasks, { id: 'text-to-image', port: 'prompt' });
  expect(Object.keys(withoutUnread(own, without(own, 'text-to-image'), tasks).inputs)).toEqual(['prompt']);
});

test('a port of many values reads several steps, in the order in which they were chosen', () => {
  const draft = withBranch(line('text-to-image'), tasks, 'text-to-image', 'image-to-image');
  const film = append(draft, 'frames-to-video');
  const wired = withWire(film, tasks, { id: 'frames-to-video', port: 'frames' }, ['image-to-image.image', 'text-to-image.image']);
  expect(inputsOf(wired, 'frames-to-video')?.frames).toEqual(['image-to-image.image', 'text-to-image.image']);
  expect(branched(wired)).toBe(true);
});

test('a chain that is written out of order is drawn in an order in which each step comes after what it reads', () => {
  const nodes = graphOf([
    { id: 'film', sources: ['draw.image'] },
    { id: 'draw', sources: ['improve.text'] },
    { id: 'improve', sources: ['inputs.idea'] },
  ]);
  expect(nodes.map(({ id }) => id)).toEqual(['inputs.idea', 'improve', 'draw', 'film']);
});
