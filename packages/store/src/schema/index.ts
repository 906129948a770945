/**
 * All tables, one schema for the embedded and the real server.
 * Not here: queries, and what the rows mean over time (packages/runs).
 * Begin with runs.ts. After a change run `npx drizzle-kit generate` in packages/store and commit what it writes to migrations/.
 */
export * from './auth.ts';
export * from './chains.ts';
export * from './cluster.ts';
export * from './controls.ts';
export * from './double-checks.ts';
export * from './fleet.ts';
export * from './outputs.ts';
export * from './runs.ts';
export * from './services.ts';
