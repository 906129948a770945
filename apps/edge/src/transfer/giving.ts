import { OpenTransfers, ProofReader, presentedToken, type TicketClaims, type TicketKey, verifyTicket } from '@atelier/artifacts';
import { AtelierError, type EdgeId } from '@atelier/protocol';
import type { Welcome } from '../link/coordinator-link.ts';

/** What is shown for some bytes. */
export interface Shown {
  readonly method: string;
  readonly url: string;
  readonly hash: string;
  readonly authorization: string | undefined;
  readonly proof: string | undefined;
}

export interface GivingOptions {
  /** The coordinator's time; undefined before the first connection. */
  clock(): Date | undefined;
  /** Whether the coordinator was heard of just now, so that a revocation would be known. */
  isInTouch(): boolean;
}

/** Decides who may read artifacts here: whoever shows a ticket of the coordinator's and proves the key that it was given to, unless it is revoked. */
export class Giving {
  readonly #options: GivingOptions;
  readonly #proofs = new ProofReader();
  readonly #open = new OpenTransfers();
  #revoked = new Set<string>();
  #welcome: Welcome | undefined;

  constructor(options: GivingOptions) {
    this.#options = options;
  }

  /** Before anything is given over a new connection: who was revoked meanwhile gets nothing, and what it still receives is cut. */
  welcomed(welcome: Welcome): void {
    this.#welcome = welcome;
    this.#revoked = new Set();
    this.revoke(welcome.revoked);
  }

  revoke(edgeIds: readonly EdgeId[]): void {
    for (const edgeId of edgeIds) {
      this.#revoked.add(edgeId);
      this.#open.cut(edgeId);
    }
  }

  /**
   * @param cut ends the answer, when its receiver is revoked
   * @returns says that the answer has ended
   * @throws AtelierError `unauthenticated`, `token-expired`, `forbidden`; `unavailable` where this edge cannot know who was revoked
   */
  async admit(shown: Shown, cut: () => void): Promise<() => void> {
    const token = presentedToken(shown.authorization);
    if (token === null) {
      throw new AtelierError('unauthenticated', 'A transfer needs a ticket, and a proof of the key that it was given to.', {
        hint: 'Tickets come with work orders. Run the same release of Atelier on both machines.',
      });
    }
    const claims = await this.#read(token, shown);
    const leave = this.#open.enter(claims.to, cut);
    if (!this.#revoked.has(claims.to)) return leave;
    leave();
    throw new AtelierError('forbidden', 'This edge was revoked.', { hint: 'Join again with a new token.' });
  }

  async #read(token: string, { method, url, hash, proof }: Shown): Promise<TicketClaims> {
    const now = this.#options.clock();
    if (!this.#welcome || !now || !this.#options.isInTouch()) {
      throw new AtelierError('unavailable', 'This edge is not connected to its studio now.', { hint: 'Ask another holder, or again a little later.' });
    }
    const { ticketKey, edgeId } = this.#welcome;
    const claims = await verifyTicket(ticketKey as TicketKey, token, { hash, from: edgeId, now });
    await this.#proofs.check(proof, { method, url, token }, claims.cnf.jkt, now);
    return claims;
  }
}
