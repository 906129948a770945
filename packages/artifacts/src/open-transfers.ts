/** Answers that are being sent, by the edge that receives them, so that they can be cut when it is revoked. */
export class OpenTransfers {
  readonly #open = new Map<string, Set<() => void>>();

  /**
   * @param cut ends the connection
   * @returns says that the answer has ended
   */
  enter(receiver: string, cut: () => void): () => void {
    const mine = this.#open.get(receiver) ?? new Set();
    this.#open.set(receiver, mine.add(cut));
    return () => {
      mine.delete(cut);
      if (mine.size === 0 && this.#open.get(receiver) === mine) this.#open.delete(receiver);
    };
  }

  /** Ends everything that this edge receives now. */
  cut(receiver: string): void {
    for (const end of [...(this.#open.get(receiver) ?? [])]) end();
  }
}
