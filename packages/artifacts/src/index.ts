/**
 * Immutable bytes named by their SHA-256: stores, ranges, verification, transfer tickets, fetching from another machine.
 * Not here: who may read an artifact (permission goes through outputs), media types, sockets.
 * Begin with store.ts, then folder-store.ts; fetch-artifact.ts is how bytes travel.
 */

export * from './address.ts';
export * from './disk-reserve.ts';
export * from './fetch-artifact.ts';
export * from './folder-store.ts';
export * from './open-stream.ts';
export * from './open-transfers.ts';
export * from './possession.ts';
export * from './proof-of-key.ts';
export * from './range.ts';
export * from './respond.ts';
export { s3Store } from './s3/s3-store.ts';
export { readS3Settings, type S3Settings } from './s3/settings.ts';
export * from './store.ts';
export * from './tickets.ts';
