import { listTasks, type ResolvedChain, resolveChain, type TaskView, taskView } from '@atelier/protocol';
import { expect, test } from 'vitest';
import { chainInputs, inputBeside, readerOfInput, wiresOf, withAnother, withoutInput } from './chain-inputs.ts';
import { append, byName, chainOf, type Draft, draftOf, emptyDraft, without, withParameters } from './draft.ts';
import { fit } from './fit.ts';

const tasks: TaskView[] = listTasks().map(taskView);
const line = (...names: string[]): Draft => names.reduce(append, emptyDraft);
const fits = (draft: Draft, name: string) => fit(draft, byName(tasks, name) as TaskView, tasks);

test('any task can begin a chain', () => {
  expect(tasks.every((task) => fit(emptyDraft, task, tasks).fits)).toBe(true);
});

test('a task that lacks its modality says so and names the task to put before it', () => {
  expect(fits(line('automatic-speech-recognition'), 'image-to-video')).toEqual({
    fits: false,
    reason: 'Needs an image, which nothing before it makes. Add Text to image first.',
  });
  expect(fits(line('text-to-image'), 'automatic-speech-recognition')).toEqual({ fits: false, reason: 'Needs a recording, which nothing before it makes.' });
});

test('the composer and the resolver agree on what may be appended', () => {
  for (const first of tasks) {
    for (const second of tasks) {
      const draft = line(first.name, second.name);
      let resolves = true;
      try {
        resolveChain(chainOf(draft));
      } catch {
        resolves = false;
      }
      expect([first.name, second.name, fits(line(first.name), second.name).fits]).toEqual([first.name, second.name, resolves]);
    }
  }
});

test('the inputs that the composer asks for, and the wires that it shows, are those of the resolved chain, for every line of up to three tasks', () => {
  const agree = (draft: Draft) => {
    const resolved = resolveChain(chainOf(draft));
    const wires = draft.steps.map((step) =>
      Object.fromEntries(wiresOf(draft, tasks).flatMap((wire) => (wire.step.id === step.id ? [[wire.port, wire.sources]] : []))),
    );
    const names = draft.steps.map((step) => step.task);
    expect([names, chainInputs(draft, tasks), wires]).toEqual([names, resolved.inputs, resolved.steps.map((step) => step.inputs)]);
  };
  const grown = (draft: Draft) => tasks.filter((task) => fit(draft, task, tasks).fits).map((task) => append(draft, task.name));
  const lines = grown(emptyDraft);
  for (const draft of lines) agree(draft);
  for (const draft of lines.flatMap(grown)) agree(draft);
  for (const draft of lines.flatMap(grown).flatMap(grown)) agree(draft);
});

test('a mask lies over the picture that the same step reads, unless a step draws it', () => {
  expect(inputBeside(line('inpainting'), tasks, 'mask', 'image')).toBe('image');
  expect(inputBeside(line('inpainting'), tasks, 'image', 'image')).toBeUndefined();
  expect(inputBeside(line('text-to-image', 'inpainting'), tasks, 'mask', 'image')).toBeUndefined();
  expect(readerOfInput(line('text-to-image', 'inpainting'), tasks, 'mask')).toMatchObject({ port: 'mask', step: { id: 'inpainting' } });
});

test('a port that takes many values gets an input for each, in order, and gives one back', () => {
  const one = line('frames-to-video');
  const two = withAnother(one, tasks, 'frames');
  const three = withAnother(two?.draft as Draft, tasks, 'frames');
  expect([two?.name, three?.name]).toEqual(['frames2', 'frames3']);
  expect(resolveChain(chainOf(three?.draft as Draft)).steps[0]?.inputs.frames).toEqual(['inputs.frames', 'inputs.frames2', 'inputs.frames3']);
  const back = withoutInput(three?.draft as Draft, 'frames2');
  expect(resolveChain(chainOf(back)).steps[0]?.inputs.frames).toEqual(['inputs.frames', 'inputs.frames3']);
  expect(Object.keys(chainInputs(back, tasks))).toEqual(['frames', 'frames3']);
  expect(withAnother(line('image-to-video'), tasks, 'image')).toBeUndefined();
});

test('a task may stand twice under different names', () => {
  expect(line('text-generation', 'text-generation').steps.map((step) => step.id)).toEqual(['text-generation', 'text-generation-2']);
});

test('taking a step out drops the wires that read it', () => {
  const resolved: ResolvedChain = resolveChain({ steps: ['text-generation', 'text-to-image', 'image-to-video'] });
  const left = without(draftOf(resolved, tasks), 'text-generation');
  expect(resolveChain(chainOf(left)).steps.map((step) => step.id)).toEqual(['text-to-image', 'image-to-video']);
  expect(without(line('text-to-image'), 'text-to-image')).toEqual(emptyDraft);
});

test('only parameters that differ from their defaults are shown as chosen', () => {
  const resolved = resolveChain({ steps: [{ task: 'text-to-image', parameters: { steps: 30, scheduler: 'auto' } }] });
  expect(draftOf(resolved, tasks).steps[0]?.parameters).toEqual({ steps: 30 });
});

test('a name that was only made of the titles is dropped, and a given one is kept', () => {
  expect(draftOf(resolveChain({ steps: ['text-to-image'] }), tasks).name).toBeUndefined();
  expect(draftOf(resolveChain({ name: 'My apple', steps: ['text-to-image'] }), tasks).name).toBe('My apple');
});

test('a parameter set to undefined goes back to its default', () => {
  const set = withParameters(line('text-to-image'), 'text-to-image', { steps: 5 });
  expect(set.steps[0]?.parameters).toEqual({ steps: 5 });
  expect(withParameters(set, 'text-to-image', { steps: undefined }).steps[0]?.parameters).toEqual({});
});
