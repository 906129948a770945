import { expect, test } from 'vitest';
import { runName } from './run-name.ts';
import { downloadName } from './text/index.ts';

const draw = { task: 'text-to-image', parameters: {} };
const title = 'Text to image';

test('a run is called by its first text, by a file if there is none, and by its chain if somebody named that', () => {
  expect(runName({ chainName: title, steps: [draw], inputs: [{ text: '  a red\n apple ', fileName: null }] })).toBe('a red apple');
  const hear = { task: 'automatic-speech-recognition', parameters: {} };
  expect(runName({ chainName: 'Speech to text', steps: [hear], inputs: [{ text: null, fileName: 'memo.m4a' }] })).toMatch(/^(memo\.m4a|Speech to text)$/);
  expect(runName({ chainName: 'My chain', steps: [draw], inputs: [{ text: 'a red apple', fileName: null }] })).toBe('My chain');
  expect(runName({ chainName: title, steps: [draw], inputs: [{ text: '   ', fileName: null }] })).toBe(title);
});

test('a long name is cut between characters', () => {
  const name = runName({ chainName: title, steps: [draw], inputs: [{ text: `${'x'.repeat(78)}👩‍🚀 in space`, fileName: null }] });
  expect(name).toBe(`${'x'.repeat(78)}…`);
});

test.each([
  ['A red apple!', '0199-a1b2', 'png', 'A-red-apple-a1b2.png'],
  ['../../etc/passwd', 'ffff', 'txt', 'etc-passwd-ffff.txt'],
  ['con', '1234', 'png', 'con-1234.png'],
  ['ein grüner Apfel', '1234', 'webp', 'ein-grüner-Apfel-1234.webp'],
  ['🍎🍎', '1234', 'png', 'result-1234.png'],
  ['', '1234', 'mp4', 'result-1234.mp4'],
])('"%s" is saved as a file that every system takes', (words, id, ending, name) => {
  expect(downloadName(words, id, ending)).toBe(name);
});
