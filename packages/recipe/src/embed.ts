import { AtelierError, limits, RecipeDocument } from '@atelier/protocol';
import { brokenRecipeHint, damaged } from './bytes.ts';
import type { Carrier } from './carrier.ts';
import { applyEdits, type Edit } from './edits.ts';
import { gif } from './gif.ts';
import { jpeg } from './jpeg.ts';
import { mp4, xmpBox } from './mp4.ts';
import { png } from './png.ts';
import { webp } from './webp.ts';

const carriers: readonly Carrier[] = [png, jpeg, webp, gif, mp4];

/** Whether files of a media type can hold a recipe: PNG, JPEG, WebP, GIF and MP4. */
export function canCarryRecipe(mediaType: string): boolean {
  return carriers.some((carrier) => carrier.mediaType === mediaType);
}

/**
 * Puts a recipe into a file, in place of one that is there. Pixels stay as they are, and so does what else the file says of itself.
 * @param bytes the whole file
 * @throws AtelierError `unsupported-media` for a kind that cannot hold one; `damaged-media` for bytes that are not whole or not of
 *   that kind; `too-large` over `limits.recipeBytes`, in a JPEG already over 65,502 bytes
 * @example await writeFile('apple.png', embedRecipe(await readFile('raw.png'), 'image/png', recipe));
 */
export function embedRecipe(bytes: Uint8Array, mediaType: string, document: RecipeDocument): Uint8Array {
  const edits = carrierOf(mediaType, bytes).edits(bytes, bytes.length, recipeText(document));
  if (edits === null) throw damaged(mediaType, 'its head does not end');
  return applyEdits(bytes, edits);
}

/**
 * The same as a list of changes, told from the beginning of a file alone, so that a server can send a large film without reading all of it.
 * Meant for results as models write them, which hold no recipe yet; an older one is replaced only where it lies in the beginning.
 * @param head the first bytes of the file; 64 KiB are plenty
 * @param sizeBytes of the whole file
 * @returns in the order of their offsets; null if the whole file is needed: then take {@link embedRecipe}
 * @throws AtelierError as {@link embedRecipe}
 */
export function recipeEdits(head: Uint8Array, sizeBytes: number, mediaType: string, document: RecipeDocument): Edit[] | null {
  return carrierOf(mediaType, head).edits(head, sizeBytes, recipeText(document));
}

/**
 * The bytes to append to a file so that it holds a recipe: for MP4 that holds none yet and whose last box states its length, as our films do.
 * @returns null for kinds that need more than an appendix; {@link recipeEdits} does those
 * @throws AtelierError `too-large`
 */
export function recipeTail(mediaType: string, document: RecipeDocument): Uint8Array | null {
  return mediaType === mp4.mediaType ? xmpBox(recipeText(document)) : null;
}

/**
 * The recipe in a file, whatever its name says that it is.
 * @param bytes the whole file; where it is cut off, what comes before still counts
 * @returns null if there is none, which holds for files of other kinds and for what other programs write
 * @throws AtelierError `damaged-media` if there is one that cannot be read, `unsupported-media` if a newer Atelier wrote it
 */
export function readRecipe(bytes: Uint8Array): RecipeDocument | null {
  const text = carriers.find((carrier) => carrier.begins(bytes))?.read(bytes) ?? null;
  return text === null ? null : parseRecipe(text);
}

function carrierOf(mediaType: string, bytes: Uint8Array): Carrier {
  const carrier = carriers.find((candidate) => candidate.mediaType === mediaType);
  if (carrier === undefined) {
    throw new AtelierError('unsupported-media', `Files of type ${mediaType} cannot hold a recipe.`, { hint: 'PNG, JPEG, WebP, GIF and MP4 can.' });
  }
  if (!carrier.begins(bytes)) throw damaged(mediaType, 'it does not begin as one');
  return carrier;
}

/** JSON in which whatever XML could not hold or would change is escaped, so that all kinds of files carry the same text. */
function recipeText(document: RecipeDocument): string {
  const json = JSON.stringify(document).replace(/[\u007f-\u009f\u2028\u2029\ufffe\uffff]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  const size = new TextEncoder().encode(json).length;
  if (size <= limits.recipeBytes) return json;
  throw new AtelierError('too-large', `The recipe has ${size} bytes; files hold at most ${limits.recipeBytes}.`, {
    hint: 'Take the file without its recipe, and the recipe from the page of the result.',
  });
}

function parseRecipe(text: string): RecipeDocument {
  const value = text.length > limits.recipeBytes ? undefined : parseJson(text);
  const version = (value as { atelier?: unknown } | null | undefined)?.atelier;
  if (typeof version === 'number' && version > 1) {
    throw new AtelierError('unsupported-media', 'The recipe in this file was written by a newer Atelier.', {
      hint: 'Update this studio, then open the file again.',
    });
  }
  const parsed = RecipeDocument.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new AtelierError('damaged-media', 'The recipe in this file is damaged.', { hint: brokenRecipeHint, cause: parsed.error });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
