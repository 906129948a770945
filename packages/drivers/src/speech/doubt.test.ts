import { expect, test } from 'vitest';
import { compressionRatio, judge } from './doubt.ts';

const sure = { compressionRatio: 1.4, averageLogProbability: -0.3, noSpeechProbability: 0.02 };

test('text that goes round in circles compresses above the bound, and speech does not', () => {
  const sentence = 'Ask not what your country can do for you, ask what you can do for your country. ';
  expect(compressionRatio(sentence)).toBeLessThan(2.4);
  expect(compressionRatio(sentence.repeat(9))).toBeGreaterThan(2.4);
  expect(compressionRatio('.'.repeat(300))).toBeGreaterThan(2.4);
  expect(compressionRatio('')).toBe(0);
});

test.each([
  ['a sure text', sure, 'believed'],
  ['a repeated one', { ...sure, compressionRatio: 2.5 }, 'doubted'],
  ['an unlikely one', { ...sure, averageLogProbability: -1.1 }, 'doubted'],
  ['an unlikely one where nobody speaks', { ...sure, averageLogProbability: -1.1, noSpeechProbability: 0.7 }, 'silence'],
  ['a likely one although nobody seems to speak', { ...sure, noSpeechProbability: 0.7 }, 'believed'],
])('%s', (_, confidence, verdict) => {
  expect(judge(confidence)).toBe(verdict);
});
