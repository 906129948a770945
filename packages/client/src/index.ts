/**
 * The typed client of Atelier's API, for browsers and Node: calls, resumable uploads, watching runs, downloads.
 * Not here: anything about terminals or pages, and nothing that only Node has.
 * Begin with client.ts.
 */
export { type Api, type AtelierClient, type ClientOptions, createClient } from './client.ts';
export { errorOfRequest, errorOfResponse, isUnanswered } from './errors.ts';
export type { UploadBody, UploadOptions } from './upload.ts';
export type { WatchOptions } from './watch-run.ts';
