/**
 * Keeps the last few values that were computed, by a key that says all that they depend on. A value is computed once, also where it is
 * asked for again while that goes on; a failure is not kept.
 */
export class Recent<T> {
  readonly #capacity: number;
  readonly #values = new Map<string, Promise<T>>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(key: string, compute: () => Promise<T>): Promise<T> {
    const known = this.#values.get(key);
    const value = known ?? compute();
    this.#values.delete(key);
    this.#values.set(key, value);
    if (known === undefined) value.catch(() => this.#values.delete(key));
    const [oldest] = this.#values.keys();
    if (this.#values.size > this.#capacity && oldest !== undefined) this.#values.delete(oldest);
    return value;
  }
}
