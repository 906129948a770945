import { beforeEach } from 'vitest';

/** For tests of which each stands on the one before: after a failure the rest would say nothing, and is skipped with that reason. */
export function inOrder(): void {
  let broken = false;
  beforeEach((context) => {
    if (broken) context.skip('an earlier step failed');
    context.onTestFailed(() => {
      broken = true;
    });
  });
}
