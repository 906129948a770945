import type { Edit } from './edits.ts';

/** A kind of file that can hold a recipe. */
export interface Carrier {
  readonly mediaType: string;
  /** Whether bytes begin as a file of this kind. */
  begins(bytes: Uint8Array): boolean;
  /** The recipe's text, or null if there is none; what is broken ends the search. @throws AtelierError `damaged-media` if it is there and cannot be read */
  read(bytes: Uint8Array): string | null;
  /**
   * What has to change in a file so that it holds a recipe, in place of one that is there already. Pixels are not touched.
   * @param bytes the whole file, or its beginning
   * @param sizeBytes of the whole file
   * @returns null if the beginning does not tell enough
   * @throws AtelierError `damaged-media`; `too-large` if a recipe of this length does not fit
   */
  edits(bytes: Uint8Array, sizeBytes: number, recipe: string): Edit[] | null;
}
