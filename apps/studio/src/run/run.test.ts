import { findTask, type StepView, type TaskView } from '@atelier/protocol';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { againRequest } from './again-request.ts';
import { evenSplit } from './even-split.ts';

test('cards split into two columns of about the same height', () => {
  expect(evenSplit([1, 1.5, 1.5, 3.5, 3.5])).toBe(3);
  expect(evenSplit([1, 3.5])).toBe(1);
  expect(evenSplit([1])).toBe(1);
  expect(evenSplit([])).toBe(0);
});

const declared = findTask('text-to-image');
const task = { ...declared, parameters: z.toJSONSchema(declared.parameters, { io: 'input' }) } as unknown as TaskView;
const step = { id: 'draw', parameters: { steps: 20, seed: 7, scheduler: 'ddim' } } as unknown as StepView;
const run = { id: '0198a7a0-0000-7000-8000-000000000000' } as Parameters<typeof againRequest>[0];

test('running from a step sends only what was changed and keeps the seeds', () => {
  expect(againRequest(run, step, task, { ...step.parameters, steps: 30 })).toMatchObject({ fromStep: 'draw', seed: 'same', set: { 'draw.steps': 30 } });
});

test('a parameter without a default that was emptied is sent as null, so that it is left out', () => {
  const sized = { ...step, parameters: { ...step.parameters, width: 704 } };
  expect(againRequest(run, sized, task, { ...sized.parameters, width: undefined }).set).toEqual({ 'draw.width': null });
});

test('a parameter put back is sent as its default, and an emptied seed asks for a new one', () => {
  expect(againRequest(run, step, task, { ...step.parameters, scheduler: undefined, steps: undefined, seed: undefined })).toEqual({
    id: run.id,
    fromStep: 'draw',
    seed: 'new',
    set: { 'draw.steps': 20, 'draw.scheduler': 'auto' },
  });
});
