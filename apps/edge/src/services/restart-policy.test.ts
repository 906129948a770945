import { limits } from '@atelier/protocol';
import { seeded } from '@atelier/seeded';
import { expect, test } from 'vitest';
import { afterEnd } from './restart-policy.ts';

const random = seeded('restarts');

test('waits grow with each quick end and are spread, and after so many there is none', () => {
  let quickEnds = 0;
  const waits: number[] = [];
  for (;;) {
    const next = afterEnd({ quickEnds, wellMs: random.below(limits.serviceSteadySeconds * 1000) }, random.next());
    quickEnds = next.quickEnds;
    if (next.kind === 'failed') break;
    waits.push(next.inMs);
  }
  expect(quickEnds).toBe(limits.serviceQuickEnds);
  expect(waits).toHaveLength(limits.serviceQuickEnds - 1);
  for (const [index, wait] of waits.entries()) {
    const ceiling = 250 * 2 ** (index + 1);
    expect(wait).toBeGreaterThanOrEqual(ceiling / 2);
    expect(wait).toBeLessThanOrEqual(ceiling);
  }
});

test('a life that was well for long wipes out the quick ends before it', () => {
  const next = afterEnd({ quickEnds: limits.serviceQuickEnds - 1, wellMs: limits.serviceSteadySeconds * 1000 }, 1);
  expect(next).toEqual({ kind: 'again', quickEnds: 0, inMs: 250 });
});
