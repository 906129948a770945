import { schedulerNames } from '@atelier/protocol';
import { expect, test } from 'vitest';
import { parametersOf, schemasOf } from './chain-argument.ts';
import { describeBounds, parseSettings } from './settings-text.ts';

const schema = schemasOf({ chain: { steps: ['text-generation', 'text-to-image'] }, resolved: undefined }, []);

test('values take the type that the task declares', () => {
  const texts = ['text-to-image.steps=30', 'guidanceScale=2.5', 'text-to-image.negativePrompt=12', 'text-generation.stop=["a"]'];
  expect(parseSettings(texts, schema)).toEqual({
    'text-to-image.steps': 30,
    guidanceScale: 2.5,
    'text-to-image.negativePrompt': '12',
    'text-generation.stop': ['a'],
  });
});

test('a value of the wrong type is refused with what would fit', () => {
  expect(() => parseSettings(['steps=many'], schema)).toThrow('steps is a number, not "many".');
  expect(() => parseSettings(['stop=a'], schema)).toThrow(/JSON list/);
});

test('a list of keyframes is given as JSON', () => {
  const walk = schemasOf({ chain: { steps: ['latent-walk'] }, resolved: undefined }, []);
  const text = 'keyframes=[{"prompt":"a","frames":12},{"prompt":"b"}]';
  expect(parseSettings([text], walk)).toEqual({ keyframes: [{ prompt: 'a', frames: 12 }, { prompt: 'b' }] });
  expect(() => parseSettings(['keyframes=a,b'], walk)).toThrow(/JSON list/);
});

test('what is no setting is refused with an example', () => {
  expect(() => parseSettings(['steps'], schema)).toThrow(/not step.parameter=value/);
});

test('a parameter that only the studio knows is read by its look, and its text may hold an equals sign', () => {
  expect(parseSettings(['toy.count=3', 'toy.on=true', 'toy.word=a=b'], () => undefined)).toEqual({ 'toy.count': 3, 'toy.on': true, 'toy.word': 'a=b' });
});

test('bounds are told with their default', () => {
  const { steps, scheduler } = parametersOf('text-to-image', []);
  expect(describeBounds(steps ?? {})).toBe('1 to 150, default 20');
  expect(describeBounds(scheduler ?? {})).toBe(`${schedulerNames.join(' | ')}, default auto`);
});
