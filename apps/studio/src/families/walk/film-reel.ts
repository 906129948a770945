import { ask } from '../../api/ask.ts';
import { FrameCache } from './frame-cache.ts';
import { type Frame, standIns } from './frame-states.ts';

/** Bytes of decoded frames that one player may hold: about 1,500 of 128 x 128 pixels, or 24 of 1024 x 1024. */
export const decodedBytes = 96 * 1024 ** 2;

/** What is drawn for a frame: the frame itself, a preview of it, or a finished one near it. */
export interface Shot {
  readonly picture: CanvasImageSource;
  readonly width: number;
  readonly height: number;
  readonly kind: 'frame' | 'preview' | 'stand-in';
  /** The frame that is seen. */
  readonly frame: number;
}

/** Where the bytes of a frame are: as it is, or smaller if it is larger than any stage. */
export const frameUrl = (outputId: string, large: boolean) =>
  large ? `/api/outputs/${outputId}/thumbnail?size=1024` : `/api/outputs/${outputId}/content?raw=1`;

/** The frames of a walk as far as they are there, decoded ahead of the playhead. */
export class FilmReel {
  readonly #cache: FrameCache<ImageBitmap>;
  readonly #onChange: () => void;
  #frames: readonly Frame[] = [];
  #nearest: ArrayLike<number> = [];
  readonly #previews = new Map<number, { url: string; image: HTMLImageElement }>();

  /** @param large frames are larger than 1024 pixels */
  constructor(large: boolean, onChange: () => void) {
    this.#onChange = onChange;
    this.#cache = new FrameCache({
      byteLimit: decodedBytes,
      onLoad: onChange,
      load: async (id, signal) => {
        const answer = await ask(frameUrl(id, large), { signal });
        return createImageBitmap(await answer.blob());
      },
    });
  }

  close(): void {
    this.#cache.close();
    this.#previews.clear();
  }

  /** Takes over what is known of the frames now. @param previews data URLs by frame */
  update(frames: readonly Frame[], previews: ReadonlyMap<number, string>): void {
    this.#frames = frames;
    this.#nearest = standIns(frames);
    for (const frame of this.#previews.keys()) if (!previews.has(frame)) this.#previews.delete(frame);
    for (const [frame, url] of previews) {
      if (this.#previews.get(frame)?.url === url) continue;
      const image = new Image();
      image.onload = this.#onChange;
      image.src = url;
      this.#previews.set(frame, { url, image });
    }
    this.#onChange();
  }

  /** Loads what is shown next. @param ahead frames, nearest first */
  prepare(ahead: (count: number) => readonly number[]): void {
    const ids = ahead(this.#cache.room).flatMap((frame) => this.#idOf(this.#nearest[frame] ?? -1) ?? []);
    this.#cache.want(ids);
  }

  /** What there is to be drawn for a frame, or null if it has to wait. Previews show what comes, so they have their place while the film stands. */
  shot(frame: number, playing: boolean): Shot | null {
    const exact = this.#decoded(frame);
    if (exact) return exact;
    const nearest = this.#nearest[frame] ?? -1;
    const preview = this.#preview(frame);
    const far = nearest < 0 || Math.abs(nearest - frame) > this.#frames.length / 8;
    if (preview && (far || !playing)) return preview;
    const standIn = nearest < 0 ? null : this.#decoded(nearest);
    return standIn ? { ...standIn, kind: nearest === frame ? 'frame' : 'stand-in' } : preview;
  }

  #idOf(frame: number): string | null {
    return this.#frames[frame]?.outputId ?? null;
  }

  #decoded(frame: number): Shot | null {
    const id = this.#idOf(frame);
    const bitmap = id ? this.#cache.get(id) : undefined;
    return bitmap ? { picture: bitmap, width: bitmap.width, height: bitmap.height, kind: 'frame', frame } : null;
  }

  #preview(frame: number): Shot | null {
    const image = this.#previews.get(frame)?.image;
    if (!image?.complete || image.naturalWidth === 0) return null;
    return { picture: image, width: image.naturalWidth, height: image.naturalHeight, kind: 'preview', frame };
  }
}
