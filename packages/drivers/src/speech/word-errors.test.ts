import { expect, test } from 'vitest';
import { comparedWords, wordErrors } from './word-errors.test-support.ts';

test('what is written in two ways is the same', () => {
  const same = (one: string, other: string) => expect(comparedWords(one), one).toEqual(comparedWords(other));
  same("We can't, we cannot.", 'we can not we can not');
  same("They’ll say it isn't ours", 'they will say it is not ours');
  same('My neighbours realised its colour', 'my neighbors realized its color');
  same('Twenty-one of 30 men', '21 of thirty men');
  same('Mr. Smith of St. Ives [laughs]', 'Mister Smith of Saint Ives');
  expect(comparedWords("thou feel'st")).toEqual(['thou', "feel'st"]);
});

test('what is another word stays one', () => {
  const differ = (one: string, other: string) => expect(comparedWords(one), one).not.toEqual(comparedWords(other));
  differ('heir', 'air');
  differ('four hours', 'for ours');
  differ('twenty thirty', 'fifty');
  differ('battlefield', 'battle field');
  differ('wise', 'wize');
});

test('errors are the fewest changes, in order', () => {
  const errors = wordErrors(comparedWords('a red apple on a blue ground'), comparedWords('the red on a blue blue ground'));
  expect(errors).toHaveLength(3);
  expect(errors).toContainEqual({ said: 'a', heard: 'the' });
  expect(errors).toContainEqual({ said: 'apple', heard: '' });
  expect(errors).toContainEqual({ said: '', heard: 'blue' });
  expect(wordErrors([], ['a'])).toEqual([{ said: '', heard: 'a' }]);
  expect(wordErrors(['a', 'b'], ['a', 'b'])).toEqual([]);
});
