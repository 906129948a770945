import { randomBytes, timingSafeEqual } from 'node:crypto';
import { type ArtifactStore, possessionProof } from '@atelier/artifacts';
import { AtelierError, type EdgeId, type FromEdge, limits } from '@atelier/protocol';
import type { Replication } from '../bytes/index.ts';
import type { EdgeLink, Logger } from '../contracts/index.ts';
import type { KnownEdge } from '../fleet/index.ts';

type Result = Extract<FromEdge, { kind: 'result' }>;
type Failure = Extract<FromEdge, { kind: 'failure' }>;
type Proof = Extract<FromEdge, { kind: 'proof' }>;

/** A result whose names are shown to be right, or the failure that it is otherwise. */
export type ProvenResult = { readonly report: Result; readonly proven: ReadonlySet<string> } | { readonly report: Failure };

interface ProofsNeeds {
  readonly artifacts: ArtifactStore;
  readonly link: EdgeLink;
  readonly log: Logger;
  readonly replication: Pick<Replication, 'request'>;
}

/** A result that waits for its proof. */
interface Pending {
  readonly edgeId: EdgeId;
  readonly result: Result;
  readonly nonce: string;
  /** To be shown by a digest, computed again from our own copy. */
  readonly byDigest: Set<string>;
  /** To be shown by the bytes themselves, as we have no copy. */
  readonly byBytes: Set<string>;
  readonly proven: Set<string>;
  /** By `performance.now()`. */
  readonly dueAt: number;
  /** Of this connection; a new one is asked again when the result is repeated. */
  isAsked: boolean;
  /** Large files take a while; what is repeated meanwhile is not computed a second time. */
  isChecking: boolean;
}

/**
 * Results that name bytes which the studio knew before, and which their edge neither made nor was given. They are committed once the
 * edge has shown that it holds them: by a keyed digest over a nonce drawn for this, or by bringing the bytes where the coordinator has no copy.
 * Kept in memory: after a restart the edge repeats its result and is asked again.
 */
export class Proofs {
  readonly #needs: ProofsNeeds;
  readonly #pending = new Map<string, Pending>();

  constructor(needs: ProofsNeeds) {
    this.#needs = needs;
  }

  /** Asks for what `result` has to show. Again for the same attempt: nothing, unless its edge has connected again. */
  async ask(edge: KnownEdge, result: Result, hashes: readonly string[]): Promise<void> {
    const known = this.#pending.get(result.attemptId);
    if (known?.isAsked && known.edgeId === edge.id && known.result.fence === result.fence) return;
    const pending = await this.#begin(edge, result, hashes, known?.result.fence === result.fence ? known.dueAt : undefined);
    this.#pending.set(result.attemptId, pending);
    const { attemptId, fence } = result;
    this.#needs.log.info({ edgeId: edge.id, attemptId, hashes: hashes.length }, 'an edge is asked to show that it holds what its result names');
    if (pending.byDigest.size > 0) {
      this.#needs.link.send(edge.id, { kind: 'prove', attemptId, fence, nonce: pending.nonce, hashes: [...pending.byDigest] });
    }
    for (const hash of pending.byBytes) this.#needs.replication.request(edge.id, hash);
  }

  /** Compares an edge's digests with our own. @returns what is decided by it, if anything is */
  async check(edgeId: EdgeId, proof: Proof): Promise<ProvenResult | undefined> {
    const pending = this.#pending.get(proof.attemptId);
    if (pending?.edgeId !== edgeId || pending.nonce !== proof.nonce || pending.result.fence !== proof.fence || pending.isChecking) return undefined;
    pending.isChecking = true;
    try {
      return (await this.#holds(pending, proof)) ? this.#decided(pending) : this.#refuse(pending);
    } finally {
      pending.isChecking = false;
    }
  }

  /** Whether all that was asked for by digest is shown now. */
  async #holds(pending: Pending, { proofs }: Proof): Promise<boolean> {
    for (const { hash, hmac } of proofs) {
      if (!pending.byDigest.has(hash)) continue;
      if (hmac === null || !isSame(hmac, await possessionProof(this.#needs.artifacts, hash, pending.nonce))) return false;
      pending.byDigest.delete(hash);
      pending.proven.add(hash);
    }
    return pending.byDigest.size === 0;
  }

  /** An edge has brought bytes itself. @returns results of it that are whole by that */
  brought(edgeId: EdgeId, hash: string): ProvenResult[] {
    return [...this.#pending.values()].flatMap((pending) => {
      if (pending.edgeId !== edgeId || !pending.byBytes.delete(hash)) return [];
      pending.proven.add(hash);
      return this.#decided(pending) ?? [];
    });
  }

  /** Bytes could not be brought. @returns results that fail by that */
  notBrought(edgeId: EdgeId, hash: string): ProvenResult[] {
    return [...this.#pending.values()].filter((pending) => pending.edgeId === edgeId && pending.byBytes.has(hash)).map((pending) => this.#refuse(pending));
  }

  /** The edge's connection ended: what it was asked is asked again when it repeats its results. */
  gone(edgeId: EdgeId): void {
    for (const pending of this.#pending.values()) if (pending.edgeId === edgeId) pending.isAsked = false;
  }

  /** Results whose proof did not come in time. */
  overdue(): { readonly edgeId: EdgeId; readonly decided: ProvenResult }[] {
    const now = performance.now();
    const late = [...this.#pending.values()].filter((pending) => pending.dueAt < now);
    return late.map((pending) => ({ edgeId: pending.edgeId, decided: this.#refuse(pending) }));
  }

  async #begin(edge: KnownEdge, result: Result, hashes: readonly string[], dueAt: number | undefined): Promise<Pending> {
    const sizes = new Map<string, number | null>();
    for (const hash of hashes) sizes.set(hash, await this.#needs.artifacts.size(hash));
    const bytes = [...sizes.values()].reduce<number>((sum, size) => sum + (size ?? 0), 0);
    const seconds = limits.proofSeconds + bytes / 10e6;
    return {
      edgeId: edge.id,
      result,
      nonce: randomBytes(32).toString('base64url'),
      byDigest: new Set(hashes.filter((hash) => sizes.get(hash) !== null)),
      byBytes: new Set(hashes.filter((hash) => sizes.get(hash) === null)),
      proven: new Set(),
      dueAt: dueAt ?? performance.now() + seconds * 1000,
      isAsked: true,
      isChecking: false,
    };
  }

  #decided(pending: Pending): ProvenResult | undefined {
    if (pending.byDigest.size + pending.byBytes.size > 0) return undefined;
    this.#pending.delete(pending.result.attemptId);
    return { report: pending.result, proven: pending.proven };
  }

  #refuse({ edgeId, result }: Pending): ProvenResult {
    const { attemptId, fence } = result;
    this.#pending.delete(attemptId);
    this.#needs.log.warn({ edgeId, attemptId }, 'an edge named bytes that the studio knows, and did not show that it holds them');
    const error = new AtelierError('step-failed', 'The edge named bytes that this studio knows already, and did not show that it holds them.', {
      hint: 'The step is tried again by itself. If it comes again, look at that edge: revoke one that you do not trust.',
    });
    return { report: { kind: 'failure', attemptId, fence, error: error.toJSON(), log: '' } };
  }
}

function isSame(given: string, own: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(own)];
  return a.length === b.length && timingSafeEqual(a, b);
}
