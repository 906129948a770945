import { OpenTransfers, ProofReader, presentedToken, type TicketKey, verifyServiceTicket, verifyTicket } from '@atelier/artifacts';
import { AtelierError, type EdgeId } from '@atelier/protocol';
import type { Welcome } from '../link/coordinator-link.ts';

/** What is shown with a request. */
interface Shown {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | undefined;
  readonly proof: string | undefined;
}

export interface GivingOptions {
  /** The coordinator's time; undefined before the first connection. */
  clock(): Date | undefined;
  /** Whether the coordinator was heard of just now, so that a revocation would be known. */
  isInTouch(): boolean;
}

/** Who holds a ticket, and the key that they have to prove. */
type Receiver = { readonly to: string; readonly cnf: { readonly jkt: string } };

/** Decides who may read artifacts and open streams here: whoever shows a ticket of the coordinator's and proves the key that it was given to, unless it is revoked. */
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
   * Admits a request for some bytes.
   * @param cut ends the answer, when its receiver is revoked
   * @returns says that the answer has ended
   * @throws AtelierError `unauthenticated`, `token-expired`, `forbidden`; `unavailable` if this edge cannot know who was revoked
   */
  admit(shown: Shown & { readonly hash: string }, cut: () => void): Promise<() => void> {
    return this.#admit(shown, cut, (key, token, at) => verifyTicket(key, token, { hash: shown.hash, ...at }));
  }

  /** Admits a stream to one life of a service, as {@link admit}. @throws AtelierError also `conflict` for a ticket of an earlier life */
  admitStream(shown: Shown & { readonly service: string; readonly fence: number }, cut: () => void): Promise<() => void> {
    const { service, fence } = shown;
    return this.#admit(shown, cut, (key, token, at) => verifyServiceTicket(key, token, { service, fence, ...at }));
  }

  async #admit(
    { authorization, method, url, proof }: Shown,
    cut: () => void,
    verify: (key: TicketKey, token: string, at: { from: string; now: Date }) => Promise<Receiver>,
  ): Promise<() => void> {
    const token = presentedToken(authorization);
    if (token === null) {
      throw new AtelierError('unauthenticated', 'A transfer needs a ticket, and a proof of the key that it was given to.', {
        hint: 'The coordinator gives tickets. Run the same release of Atelier on both machines.',
      });
    }
    const now = this.#options.clock();
    if (!this.#welcome || !now || !this.#options.isInTouch()) {
      throw new AtelierError('unavailable', 'This edge is not connected to its studio now.', { hint: 'Ask another holder, or again a little later.' });
    }
    const { ticketKey, edgeId } = this.#welcome;
    const { to, cnf } = await verify(ticketKey as TicketKey, token, { from: edgeId, now });
    await this.#proofs.check(proof, { method, url, token }, cnf.jkt, now);
    const leave = this.#open.enter(to, cut);
    if (!this.#revoked.has(to)) return leave;
    leave();
    throw new AtelierError('forbidden', 'This edge was revoked.', { hint: 'Join again with a new token.' });
  }
}
