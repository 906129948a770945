/**
 * Reads what comes from outside up to a bound: bodies of requests, and answers of other servers. Over the bound nothing more is
 * read, and the connection is let go. What goes to disk piece by piece goes through `bounded`.
 * lint/strangers.ts keeps `.json()`, `.text()` and their kind out of everything else. Begin with bounded-body.ts.
 */
export { type Body, bounded, boundedFetch, readBytes, readJson, readText } from './bounded-body.ts';
