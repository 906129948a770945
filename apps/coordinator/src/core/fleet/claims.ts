import type { EdgeId } from '@atelier/protocol';

/** Whose an edge is, as its row says. */
export interface ClaimRow {
  readonly id: EdgeId;
  readonly coordinatorId: string | null;
  readonly claim: number;
  readonly draining: boolean;
  readonly revokedAt: Date | null;
  readonly confirmedTransferUrl: string | null;
  /** Milliseconds since it was heard of, by the database's clock; null if it never was. */
  readonly silentMs: number | null;
}

/**
 * What follows for an edge from its row: `ours`, its socket is here and nobody else's; `free`, its socket is here and the row names nobody who
 * lives, so that it is claimed again; `theirs`, another coordinator has claimed it later; `revoked` or `draining`, an owner said so elsewhere;
 * `away`, its socket is not here.
 */
export type ClaimVerdict = 'ours' | 'free' | 'theirs' | 'revoked' | 'draining' | 'away';

/**
 * Of two coordinators that claim one edge, the later one has it: claims are numbered by the database. So the earlier one gives way, and neither
 * takes the edge back from one that lives.
 */
export function judgeClaim(
  edge: { readonly connected: boolean; readonly claim: number; readonly draining: boolean; readonly revoked: boolean },
  row: Pick<ClaimRow, 'coordinatorId' | 'claim' | 'draining' | 'revokedAt'>,
  cluster: { readonly id: string; isOther(id: string | null): boolean },
): ClaimVerdict {
  if (row.revokedAt !== null && !edge.revoked) return 'revoked';
  if (!edge.connected) return 'away';
  if (row.coordinatorId !== cluster.id && row.claim >= edge.claim) return cluster.isOther(row.coordinatorId) ? 'theirs' : 'free';
  return row.draining !== edge.draining ? 'draining' : 'ours';
}
