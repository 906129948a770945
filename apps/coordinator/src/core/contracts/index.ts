/**
 * What all rooms of the core share: who asks, the sockets of the edges, the log, and how long things last. Types and constants; nothing here acts.
 * Not here: what a room gives to others, which is in the room's own index.ts.
 */
export type { EdgeLink } from './edge-link.ts';
export type { Logger } from './logger.ts';
export { type CoreTimes, designTimes } from './times.ts';
export { maySee, notFound, type Viewer } from './viewer.ts';
