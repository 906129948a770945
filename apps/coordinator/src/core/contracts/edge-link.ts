import type { EdgeId, ToEdge } from '@atelier/protocol';

/** The sockets of the edges, as the core sees them. */
export interface EdgeLink {
  /** Sends or queues a message. @returns false if the edge has no open socket here; nothing was sent then */
  send(edgeId: EdgeId, message: ToEdge): boolean;
  /** Closes an edge's socket here: another coordinator has a later one. */
  release(edgeId: EdgeId): void;
  /** Ends an edge's socket and what it sends and receives here, for good, and tells the other edges. */
  revoke(edgeId: EdgeId): void;
}
