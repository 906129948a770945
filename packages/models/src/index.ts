/**
 * Models as files: manifests, the catalogue, the puller that brings weights here verified, and the store that keeps them.
 * Not here: what runs a model (packages/drivers), and which edge has it (apps/coordinator).
 * Begin with pull.ts.
 */
export { type Catalogue, type CatalogueEntry, loadCatalogue, loadManifest, starterModelsFolder } from './manifest-file.ts';
export { modelHash } from './model-hash.ts';
export { type PullOptions, type PullProgress, pullModel } from './pull.ts';
export { ModelStore, type StoredModel } from './store.ts';
