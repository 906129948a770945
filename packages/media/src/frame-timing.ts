/** A picture and how long it is shown, in the ticks of its format. */
export interface TimedFrame<T> {
  readonly frame: T;
  readonly ticks: number;
}

/**
 * Turns a steady rate into whole ticks so that rounding never adds up: the end of every frame is where it should be, to half a tick.
 * Frames that would be shown for less than `leastTicks` are left out, and what is `same` as its neighbour prolongs that. Holds one frame.
 */
export class FrameTiming<T> {
  readonly #ticksPerFrame: number;
  readonly #leastTicks: number;
  readonly #same: (a: T, b: T) => boolean;
  #held: { frame: T; start: number } | undefined;
  #count = 0;

  /** @param rate of frames and of ticks, both a second */
  constructor(rate: { framesPerSecond: number; ticksPerSecond: number; leastTicks: number }, same: (a: T, b: T) => boolean) {
    this.#ticksPerFrame = rate.ticksPerSecond / rate.framesPerSecond;
    this.#leastTicks = rate.leastTicks;
    this.#same = same;
  }

  /** @returns the frame before, once its time is known */
  add(frame: T): TimedFrame<T> | undefined {
    const start = Math.round(this.#count * this.#ticksPerFrame);
    this.#count += 1;
    const held = this.#held;
    if (held !== undefined && (start - held.start < this.#leastTicks || this.#same(held.frame, frame))) return undefined;
    this.#held = { frame, start };
    return held && { frame: held.frame, ticks: start - held.start };
  }

  /** @returns the last frame */
  end(): TimedFrame<T> | undefined {
    const held = this.#held;
    this.#held = undefined;
    return held && { frame: held.frame, ticks: Math.max(this.#leastTicks, Math.round(this.#count * this.#ticksPerFrame) - held.start) };
  }
}
