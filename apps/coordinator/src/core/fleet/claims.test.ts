import { expect, test } from 'vitest';
import { judgeClaim } from './claims.ts';

const cluster = { id: 'A', isOther: (id: string | null) => id === 'B' };
const edge = { connected: true, claim: 4, draining: false, revoked: false };
const row = { coordinatorId: 'A', claim: 4, draining: false, revokedAt: null };

test('an edge is its coordinator’s until another that lives claims it later', () => {
  expect(judgeClaim(edge, row, cluster)).toBe('ours');
  expect(judgeClaim(edge, { ...row, coordinatorId: 'B', claim: 5 }, cluster)).toBe('theirs');
});

test('what a row said before the claim was made does not take the edge away again', () => {
  expect(judgeClaim(edge, { ...row, coordinatorId: 'B', claim: 3 }, cluster)).toBe('ours');
});

test('an edge with its socket here is free if the row names nobody, or one that has died', () => {
  expect(judgeClaim(edge, { ...row, coordinatorId: null, claim: 4 }, cluster)).toBe('free');
  expect(judgeClaim(edge, { ...row, coordinatorId: 'C', claim: 6 }, cluster)).toBe('free');
});

test('two coordinators that claim one edge one after the other agree whose it is, in whatever order they look', () => {
  const later = { ...row, coordinatorId: 'B', claim: 5 };
  const seenByB = judgeClaim({ ...edge, claim: 5 }, later, { id: 'B', isOther: (id) => id === 'A' });
  expect([judgeClaim(edge, later, cluster), seenByB]).toEqual(['theirs', 'ours']);
});

test('what an owner said at another coordinator is heard here', () => {
  expect(judgeClaim(edge, { ...row, revokedAt: new Date(0) }, cluster)).toBe('revoked');
  expect(judgeClaim(edge, { ...row, draining: true }, cluster)).toBe('draining');
  expect(judgeClaim({ ...edge, connected: false }, row, cluster)).toBe('away');
});
