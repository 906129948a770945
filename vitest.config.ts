import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      { extends: true, test: { name: 'suite', include: ['{packages,apps}/*/src/**/*.test.{ts,tsx}', 'tests/*.test.ts'] } },
      { extends: true, test: { name: 'faults', include: ['tests/faults/*.test.ts'] } },
      { extends: true, test: { name: 'browser', include: ['tests/browser/*.test.ts'] } },
    ],
    globalSetup: ['tests/support/leave-nothing.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // Only ends what hangs: a machine with other work is ten times slower.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 300_000, interval: 20 } },
  },
});
