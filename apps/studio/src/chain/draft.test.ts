import { listTasks, type ResolvedChain, resolveChain, type TaskView, taskView } from '@atelier/protocol';
import { expect, test } from 'vitest';
import { append, byName, chainInputs, chainOf, type Draft, draftOf, emptyDraft, fit, without, withParameter } from './draft.ts';

const tasks: TaskView[] = listTasks().map(taskView);
const line = (...names: string[]): Draft => names.reduce(append, emptyDraft);
const fits = (draft: Draft, name: string) => fit(draft, byName(tasks, name) as TaskView, tasks);

test('any task can begin a chain', () => {
  expect(tasks.every((task) => fit(emptyDraft, task, tasks).fits)).toBe(true);
});

test('a task that lacks its modality says so and names the task to put before it', () => {
  expect(fits(line('automatic-speech-recognition'), 'image-to-video')).toEqual({
    fits: false,
    reason: 'Needs a picture, which nothing before it makes. Add Text to image first.',
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

test('the inputs that the composer asks for are those of the resolved chain', () => {
  for (const first of tasks) expect(chainInputs(line(first.name), tasks)).toEqual(resolveChain(chainOf(line(first.name))).inputs);
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
  const resolved = resolveChain({ steps: [{ task: 'text-to-image', parameters: { steps: 30, scheduler: 'ddim' } }] });
  expect(draftOf(resolved, tasks).steps[0]?.parameters).toEqual({ steps: 30 });
});

test('a name that was only made of the titles is dropped, and a given one is kept', () => {
  expect(draftOf(resolveChain({ steps: ['text-to-image'] }), tasks).name).toBeUndefined();
  expect(draftOf(resolveChain({ name: 'My apple', steps: ['text-to-image'] }), tasks).name).toBe('My apple');
});

test('a parameter set to undefined goes back to its default', () => {
  const set = withParameter(line('text-to-image'), 'text-to-image', 'steps', 5);
  expect(set.steps[0]?.parameters).toEqual({ steps: 5 });
  expect(withParameter(set, 'text-to-image', 'steps', undefined).steps[0]?.parameters).toEqual({});
});
