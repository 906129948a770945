/**
 * Services: which there are, on which edges they run and for how long, and how one finds another.
 * Not here: the processes (apps/edge/src/services), kinds and messages (packages/protocol/src/services), streams of bytes, which go from edge to edge.
 * Begin with services.ts, which is what people do; service-leases.ts follows what edges say.
 */
export { composeServices } from './compose-services.ts';
export type { ServiceLeases } from './service-leases.ts';
export type { Services } from './services.ts';
