import { findTask } from '@atelier/protocol';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { complaint, complaintsOf, type Field, fieldsOf } from './fields.ts';

const of = (task: string) => fieldsOf(z.toJSONSchema(findTask(task).parameters, { io: 'input' }) as Record<string, unknown>);
const named = (fields: Field[], name: string) => fields.find((field) => field.name === name) as Field;

test('every parameter of every declared task has a control of the kind that its declaration asks for', () => {
  const picture = of('text-to-image');
  expect(picture.map((field) => `${field.name}:${field.kind}`)).toEqual([
    'negativePrompt:textarea',
    'steps:slider',
    'guidanceScale:slider',
    'scheduler:select',
    'sigmas:select',
    'guidanceRescale:slider',
    'width:number',
    'height:number',
    'count:slider',
    'variationStrength:slider',
    'variationSeed:seed',
    'seed:seed',
  ]);
  expect(named(of('latent-walk'), 'keyframes').kind).toBe('objects');
  expect(named(of('text-generation'), 'stop').kind).toBe('list');
  expect(named(of('automatic-speech-recognition'), 'language').kind).toBe('text');
});

test('choices are called as the declaration says, and by their name if it says nothing', () => {
  const labels = (field: Field) => (field.kind === 'select' ? field.options.map(({ label }) => label) : []);
  expect(labels(named(of('latent-walk'), 'easing'))).toEqual(['Even', 'Slow near keyframes', 'Resting at keyframes']);
  expect(labels(named(of('text-to-image'), 'scheduler')).slice(0, 3)).toEqual(["Automatic: the model's own", 'DDIM', 'Euler']);
  expect(labels(named(of('text-generation'), 'instruction'))[0]).toBe('Picture prompt');
});

test('a list of things is written as JSON, and what is none is said to be wrong', () => {
  const keyframes = named(of('latent-walk'), 'keyframes');
  expect([complaint(keyframes, [{ prompt: 'a' }]), complaint(keyframes, undefined)]).toEqual([undefined, undefined]);
  expect(complaint(keyframes, '[{')).toBe('Keyframes must be a list, written as JSON.');
});

test('bounds, steps, units, defaults and folding come from the schema', () => {
  const picture = of('text-to-image');
  expect(named(picture, 'steps')).toMatchObject({ min: 1, max: 150, step: 1, whole: true, standard: 20, advanced: false });
  expect(named(picture, 'width')).toMatchObject({ min: 64, max: 4096, step: 8, unit: 'px', side: 'width', advanced: false, standard: undefined });
  expect(named(of('text-generation'), 'topP')).toMatchObject({ min: 0.01, max: 1 });
});

test('a schema without hints still gives a usable form', () => {
  const fields = fieldsOf(
    z.toJSONSchema(z.object({ keepAspect: z.boolean().default(true), count: z.int().optional(), note: z.string().optional() }), { io: 'input' }),
  );
  expect(fields.map((field) => [field.title, field.kind])).toEqual([
    ['Keep aspect', 'switch'],
    ['Count', 'number'],
    ['Note', 'text'],
  ]);
  expect(named(fields, 'count')).not.toHaveProperty('min');
});

test('a value out of bounds is named before it is sent', () => {
  const picture = of('text-to-image');
  expect(complaintsOf(z.toJSONSchema(findTask('text-to-image').parameters, { io: 'input' }), { steps: 0, width: 4104, count: 2 })).toEqual([
    'Steps must be 1 to 150.',
    'Width must be 64 to 4096.',
  ]);
  expect(complaint(named(picture, 'steps'), 0)).toBe('Steps must be 1 to 150.');
  expect(complaint(named(picture, 'steps'), 3.5)).toBe('Steps must be a whole number.');
  expect(complaint(named(picture, 'steps'), Number.NaN)).toBe('Steps must be a number.');
  expect(complaint(named(picture, 'width'), 65)).toBe('Width must be a multiple of 8.');
  expect(complaint(named(picture, 'width'), undefined)).toBeUndefined();
  for (const seed of [2 ** 32, -1, 1.5]) expect(complaint(named(picture, 'seed'), seed)).toBe('A seed is a whole number from 0 to 4294967295.');
  expect(complaint(named(of('automatic-speech-recognition'), 'language'), 'English')).toBe('Language is not in the expected form.');
});
