/**
 * Chains that people keep by name: saved, renamed, put in another's place, deleted.
 * Not here: what a chain may say (packages/protocol), or running one.
 * Begin with saved-chains.ts.
 */
export { createSavedChains, type SavedChains } from './saved-chains.ts';
