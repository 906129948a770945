/**
 * The nouns of Atelier: schemas, task declarations, the API contract, edge messages and errors.
 * Not here: anything that reads, writes, waits or knows the time.
 * Begin with task.ts and chain.ts; contract.ts shows the whole API.
 */
export * from './api-views.ts';
export * from './artifact.ts';
export * from './byte-size.ts';
export * from './chain.ts';
export * from './chain-text.ts';
export * from './contract.ts';
export * from './control.ts';
export * from './dimensions.ts';
export * from './edge-messages.ts';
export * from './errors.ts';
export * from './expected-steps.ts';
export * from './fleet-file.ts';
export * from './gallery.ts';
export * from './ids.ts';
export * from './limits.ts';
export * from './line.ts';
export * from './manifest.ts';
export * from './modality.ts';
export * from './people.ts';
export * from './plan.ts';
export * from './recipe.ts';
export * from './resolve-chain.ts';
export * from './role.ts';
export * from './route.ts';
export * from './run.ts';
export * from './run-name.ts';
export * from './saved-chain.ts';
export * from './services/index.ts';
export * from './settings.ts';
export * from './stream.ts';
export * from './task.ts';
export * from './task-view.ts';
export * from './tasks/index.ts';
export * from './text/index.ts';
export * from './text-usage.ts';
export * from './transcript.ts';
export * from './watch-messages.ts';
