/**
 * A folder belongs to one process at a time, and is free the moment that process ends, however it ends.
 * Not here: what the folder is for (the coordinator's data, an edge's key and results).
 * Begin with folder-lock.ts.
 */

export { type FolderLock, type Holder, holderOf, type LockKind, lockAddress, lockFolder } from './folder-lock.ts';
export { runsProgram } from './runs-program.ts';
