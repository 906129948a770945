/**
 * Everything that touches runs: planning, dispatch, leases, results, views and events. One folder is one room with its own index.ts; compose.ts alone sees them all.
 * Not here: HTTP, sockets, sign-in, or the bytes themselves.
 * Begin with core.ts, which is the whole face; state/run-writer.ts is the one writer of what a run is.
 */
export { ownAddresses, type SocketOrigin } from './addresses/index.ts';
export type { ReadableOutput, UploadRecord } from './bytes/index.ts';
export { Cluster } from './cluster/index.ts';
export { startCore } from './compose.ts';
export { designTimes, type EdgeLink, type Logger, type Viewer } from './contracts/index.ts';
export type { Core } from './core.ts';
export type { EdgeIdentity } from './fleet/index.ts';
export type { PortValue, PortValues, RunValue, StoredOutput } from './gallery/index.ts';
export type { Succession } from './people/index.ts';
export { Quota } from './quota/index.ts';
