import { expect, test } from 'vitest';
import { newId, RunId } from './ids.ts';

test('ids sort by the time they were made, carry it, and are UUIDs of version 7', () => {
  const ids = [1_700_000_000_000, 1_700_000_000_001, 1_900_000_000_000].map((now) => newId(now));
  expect([...ids].sort()).toEqual(ids);
  for (const id of ids) expect(RunId.safeParse(id).success).toBe(true);
  expect(Number.parseInt((ids[0] as string).replaceAll('-', '').slice(0, 12), 16)).toBe(1_700_000_000_000);
  expect(new Set(Array.from({ length: 1000 }, () => newId(0))).size).toBe(1000);
});
