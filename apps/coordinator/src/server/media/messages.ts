import type { Dimensions, ErrorBody } from '@atelier/protocol';

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** How a picture should be. */
export interface WantedPicture {
  /** Undefined for its own. */
  readonly size: Size | undefined;
  readonly mediaType: string;
  /** 0 to 100, for JPEG and WebP. */
  readonly quality: number | undefined;
}

export interface FittedPicture {
  /** Undefined if the picture is as wanted already. */
  readonly bytes: Uint8Array | undefined;
  /** The size that it has, before it is changed. */
  readonly size: Size;
}

/** What a reading process is asked, one thing at a time. */
export type MediaQuestion =
  | { readonly kind: 'inspect'; readonly file: string; readonly mediaType: string }
  | { readonly kind: 'shrink'; readonly file: string; readonly side: number }
  | { readonly kind: 'mask'; readonly file: string; readonly mask: string | undefined }
  | { readonly kind: 'fit'; readonly file: string; readonly wanted: WantedPicture };

export type MediaAnswer =
  | { readonly kind: 'inspect'; readonly mediaType: string; readonly dimensions: Dimensions | null }
  | { readonly kind: 'shrink'; readonly bytes: Uint8Array }
  | { readonly kind: 'mask'; readonly bytes: Uint8Array | undefined }
  | ({ readonly kind: 'fit' } & FittedPicture)
  | { readonly kind: 'error'; readonly error: ErrorBody };

/** The last words of a process whose memory grew over its bound. */
export const overMemory = 'over-memory';
