import { expect, test } from 'vitest';
import { Recent } from './recent.ts';

test('the least recently used value is forgotten first, and nothing is computed twice before that', async () => {
  const recent = new Recent<string>(2);
  const computed: string[] = [];
  const get = (key: string) =>
    recent.get(key, async () => {
      computed.push(key);
      return key.toUpperCase();
    });
  expect(await Promise.all([get('a'), get('a'), get('b'), get('a')])).toEqual(['A', 'A', 'B', 'A']);
  for (const key of ['c', 'a', 'b']) await get(key);
  expect(computed).toEqual(['a', 'b', 'c', 'b']);
});

test('a failure is tried again', async () => {
  const recent = new Recent<number>(2);
  await expect(recent.get('a', () => Promise.reject(new Error('not now')))).rejects.toThrow('not now');
  expect(await recent.get('a', async () => 7)).toBe(7);
});
