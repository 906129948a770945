import { randomBytes } from 'node:crypto';
import type { EdgeId } from '@atelier/protocol';

/** Tokens of the edges' open sockets, in memory: each is worth as long as its socket lives. */
export interface EdgeSessions {
  open(edgeId: EdgeId): string;
  close(token: string): void;
  find(token: string): EdgeId | undefined;
}

const prefix = 'ate_';

export function createEdgeSessions(): EdgeSessions {
  const edges = new Map<string, EdgeId>();
  return {
    open(edgeId) {
      const token = `${prefix}${randomBytes(32).toString('base64url')}`;
      edges.set(token, edgeId);
      return token;
    },
    close: (token) => void edges.delete(token),
    find: (token) => edges.get(token),
  };
}
