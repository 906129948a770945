/**
 * Everything that touches runs: planning, dispatch, leases, results, views and events.
 * Not here: HTTP, sockets, sign-in, or the bytes themselves.
 * Begin with core.ts, which is the whole face; advance.ts is the one writer of what a run is.
 */
export { ownAddresses, type SocketOrigin } from './addresses/index.ts';
export type { Core, EdgeIdentity, EdgeLink, ReadableOutput, UploadRecord, Viewer } from './core.ts';
export type { PortValue, PortValues, RunValue, StoredOutput } from './gallery/index.ts';
export type { Logger } from './logger.ts';
export { OneAtATime } from './one-at-a-time.ts';
export { Quota } from './quota/index.ts';
export { startCore } from './start-core.ts';
