import { createStore, type StoreApi } from 'zustand/vanilla';

/** What happens at the end: begin again, go back the same way, or stay. */
export type Way = 'loop' | 'there-and-back' | 'once';

export interface PlayheadState {
  readonly frame: number;
  readonly playing: boolean;
  readonly way: Way;
  /** 1 is the film's own pace. */
  readonly speed: number;
}

/**
 * The frame to be shown.
 * @param played frames since the first was shown; its whole part counts
 * @param frames at least 1
 */
export function frameAt(played: number, frames: number, way: Way): number {
  const passed = Math.max(0, Math.floor(played));
  if (frames <= 1) return 0;
  if (way === 'once') return Math.min(passed, frames - 1);
  if (way === 'loop') return passed % frames;
  const place = passed % (2 * (frames - 1));
  return place < frames ? place : 2 * (frames - 1) - place;
}

/** Where a way goes on after a frame: the frames that are shown next, nearest first. */
export function framesAhead(played: number, frames: number, way: Way, count: number): number[] {
  return Array.from({ length: Math.min(count, way === 'there-and-back' ? 2 * frames : frames) }, (_, ahead) =>
    frameAt(Math.floor(played) + ahead, frames, way),
  );
}

/** Goes over the frames at the film's pace. It waits for nothing: whoever draws puts in what there is. */
export class Playhead {
  readonly store: StoreApi<PlayheadState>;
  /** Frames played since the first, with the part of the next one. */
  #played = 0;
  #frames: number;
  #framesPerSecond: number;
  #last = 0;
  #tick = 0;

  constructor(frames: number, framesPerSecond: number, way: Way) {
    this.#frames = Math.max(1, frames);
    this.#framesPerSecond = framesPerSecond;
    this.store = createStore<PlayheadState>(() => ({ frame: 0, playing: false, way, speed: 1 }));
  }

  /** A walk may turn out longer, or its film be set to another pace. */
  measure(frames: number, framesPerSecond: number): void {
    this.#frames = Math.max(1, frames);
    this.#framesPerSecond = framesPerSecond;
    if (this.store.getState().frame >= this.#frames) this.seek(this.#frames - 1);
  }

  play(): void {
    const { way, frame, playing } = this.store.getState();
    if (playing) return;
    if (way === 'once' && frame === this.#frames - 1) this.seek(0);
    this.store.setState({ playing: true });
    this.#last = performance.now();
    this.#tick = requestAnimationFrame(this.#advance);
  }

  pause(): void {
    cancelAnimationFrame(this.#tick);
    this.store.setState({ playing: false });
  }

  toggle(): void {
    if (this.store.getState().playing) this.pause();
    else this.play();
  }

  /** Shows a frame; what is out of bounds counts as the nearest end. */
  seek(frame: number): void {
    this.#played = Math.min(this.#frames - 1, Math.max(0, Math.round(frame)));
    this.store.setState({ frame: this.#played });
  }

  step(by: number): void {
    this.pause();
    this.seek(this.store.getState().frame + by);
  }

  choose(change: Partial<Pick<PlayheadState, 'way' | 'speed'>>): void {
    this.#played = this.store.getState().frame;
    this.store.setState(change);
  }

  /** The frames that come next, nearest first. */
  ahead(count: number): number[] {
    return framesAhead(this.#played, this.#frames, this.store.getState().way, count);
  }

  readonly #advance = (now: number): void => {
    const { speed, way, frame } = this.store.getState();
    // After a pause of the page itself, as in a tab that was hidden, the film goes on where it stood.
    this.#played += (Math.min(250, Math.max(0, now - this.#last)) / 1000) * this.#framesPerSecond * speed;
    this.#last = now;
    const next = frameAt(this.#played, this.#frames, way);
    if (next !== frame) this.store.setState({ frame: next });
    if (way === 'once' && next === this.#frames - 1) {
      this.pause();
      return;
    }
    this.#tick = requestAnimationFrame(this.#advance);
  };
}
