/**
 * The coordinator: sign-in, API, edges' sockets, planning and dispatch; serves the studio.
 * Not here: running models (apps/edge), or what a run is (packages/runs).
 * Begin with start.ts; core/ is everything that touches runs, server/ every way in.
 */
export { defaultDataFolder } from './data-folder.ts';
export { saveWhole } from './server/media/index.ts';
export type { RouteInfo, RoutePolicy } from './server/route-table.ts';
export { type Coordinator, type CoordinatorOptions, type ModelPull, startCoordinator } from './start.ts';
export { stopSignal } from './stop-signal.ts';
