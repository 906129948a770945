/** The coordinator's time, as it told it last and counted on from there: the clocks of machines at home may be off by hours, or be set. */
export class CoordinatorClock {
  #told = { time: Date.now(), at: performance.now() };

  /** @param time milliseconds since 1970 */
  set(time: number): void {
    this.#told = { time, at: performance.now() };
  }

  now(): Date {
    return new Date(this.#told.time + performance.now() - this.#told.at);
  }
}
