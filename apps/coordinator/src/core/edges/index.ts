/**
 * What edges say and what follows from it, and what owners do with edges and models.
 * Not here: what is known of an edge (fleet/), its sockets (server/edges/), what it must show of what it claims (claims/).
 * Begin with edges.ts, which is the whole face; edge-messages.ts handles what comes.
 */
export { EdgeMessages } from './edge-messages.ts';
export { createEdges, type Edges } from './edges.ts';
