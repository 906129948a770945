import { newId } from '@atelier/protocol';
import { expect, test } from 'vitest';
import { nextId } from './next-id.ts';

test('nothing lies between an identifier and the next one', () => {
  expect(nextId('01a1fe39-e07a-79bf-b7ea-2285cb9b74a3')).toBe('01a1fe39-e07a-79bf-b7ea-2285cb9b74a4');
  expect(nextId('01a1fe39-e07a-79bf-b7ea-ffffffffffff')).toBe('01a1fe39-e07a-79bf-b7eb-000000000000');
  expect(nextId('00000000-0000-7000-8000-00000000000f')).toBe('00000000-0000-7000-8000-000000000010');
  const id = newId<string>();
  expect(nextId(id) > id).toBe(true);
});
