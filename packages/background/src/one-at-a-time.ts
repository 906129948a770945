/**
 * Work about one thing, such as one person's bounds, is done one after the other. Whoever waits holds nothing, no connection of the
 * database either, so that many requests of one person leave the others theirs. One coordinator owns its database.
 */
export class OneAtATime {
  readonly #last = new Map<string, Promise<void>>();

  run<T>(about: string, work: () => Promise<T>): Promise<T> {
    const done = (this.#last.get(about) ?? Promise.resolve()).then(work);
    const ended: Promise<void> = done.then(nothing, nothing).then(() => {
      if (this.#last.get(about) === ended) this.#last.delete(about);
    });
    this.#last.set(about, ended);
    return done;
  }
}

const nothing = () => undefined;
