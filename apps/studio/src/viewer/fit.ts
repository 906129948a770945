/** Width and height in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** So many times is an image enlarged beyond what fits, or so large are its pixels: whichever is more. */
const [mostEnlarged, mostPixels] = [8, 16];

/** How an image lies in its stage before anybody has enlarged it, in pixels of the stage. */
export interface Fit extends Size {
  readonly left: number;
  readonly top: number;
  /** Pixels of the stage for one of the image. */
  readonly scale: number;
  /** How many times it may be enlarged from there. */
  readonly most: number;
}

/** An image in the middle of its stage, whole. A small one is enlarged by a whole number, so that its pixels stay even. */
export function fitOf(image: Size, stage: Size): Fit {
  const room = Math.min(stage.width / image.width, stage.height / image.height);
  const scale = room >= 1 ? Math.floor(room) : room;
  const [width, height] = [image.width * scale, image.height * scale];
  return { width, height, scale, left: (stage.width - width) / 2, top: (stage.height - height) / 2, most: Math.max(mostEnlarged, mostPixels / scale) };
}
