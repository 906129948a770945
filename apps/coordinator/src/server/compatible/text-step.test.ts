import { expect, test } from 'vitest';
import { restOf } from './text-step.ts';

test.each([
  ['Good morning.', '', 'Good morning.'],
  ['Good morning.', 'Good ', 'morning.'],
  ['Good morning.', ' Good', ' morning.'],
  ['Good morning.', 'Good morning. \n', ''],
])('of "%s", after "%s" was streamed, "%s" is left', (content, told, rest) => {
  expect(restOf(content, told)).toBe(rest);
});

test.each(['morning.', 'Good evening', 'Good morning. And'])('"%s" is not the beginning of another text, and no reader may take it for that', (told) => {
  expect(() => restOf('Good morning.', told)).toThrow(/not its beginning/);
});
