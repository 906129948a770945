import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { type ArtifactStore, artifactSource, type ByteSource } from '@atelier/artifacts';
import { readBytes } from '@atelier/bounded-body';
import { type Artifact, AtelierError, limits, type RecipeDocument } from '@atelier/protocol';
import { canCarryRecipe, type Edit, recipeEdits } from '@atelier/recipe';

/** As much of a file as its recipe's place is told from. */
const headBytes = 64 * 1024;

/**
 * An artifact with its recipe inside, as ranges of a file that nobody keeps: what is changed is told from its beginning, the
 * rest is read from the store when it is sent. Where there is no recipe, or the file cannot hold it, the artifact as it is.
 * @throws AtelierError `not-found` if the bytes are missing
 */
export async function recipeSource(store: ArtifactStore, artifact: Artifact, recipe: RecipeDocument | null): Promise<ByteSource> {
  const plain = await artifactSource(store, artifact.hash);
  const edits = recipe && canCarryRecipe(artifact.mediaType) ? await editsFor(plain, artifact, recipe) : [];
  if (edits.length === 0) return plain;
  const pieces = cut(plain.sizeBytes, edits);
  return {
    sizeBytes: pieces.reduce((sum, piece) => sum + piece.length, 0),
    etag: `${artifact.hash}-${nameOf(edits)}`,
    open: async (range) => Readable.from(read(plain, pieces, range), { objectMode: false }),
  };
}

async function editsFor(plain: ByteSource, { mediaType }: Artifact, recipe: RecipeDocument): Promise<Edit[]> {
  const head = await readBytes(await plain.open({ start: 0, end: Math.min(headBytes, plain.sizeBytes) - 1 }), headBytes);
  try {
    const edits = recipeEdits(head, plain.sizeBytes, mediaType, recipe);
    if (edits) return edits;
    const whole = await readBytes(await plain.open({ start: 0, end: plain.sizeBytes - 1 }), limits.uploadBytes);
    return recipeEdits(whole, plain.sizeBytes, mediaType, recipe) ?? [];
  } catch (thrown) {
    // A file that cannot hold it is still the result.
    if (thrown instanceof AtelierError && ['damaged-media', 'too-large', 'unsupported-media'].includes(thrown.code)) return [];
    throw thrown;
  }
}

/** The same for the same changes: the recipe, and the way in which it is written. */
function nameOf(edits: readonly Edit[]): string {
  const hash = createHash('sha256');
  for (const { at, remove, insert } of edits) hash.update(`${at} ${remove} `).update(insert);
  return hash.digest('hex').slice(0, 16);
}

/** A stretch of the served file: bytes of its own, or a range of the artifact. */
type Piece = { readonly length: number } & ({ readonly bytes: Uint8Array } | { readonly from: number });

function cut(sizeBytes: number, edits: readonly Edit[]): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const { at, remove, insert } of edits) {
    pieces.push({ from, length: at - from }, { bytes: insert, length: insert.length });
    from = at + remove;
  }
  return [...pieces, { from, length: sizeBytes - from }].filter((piece) => piece.length > 0);
}

async function* read(plain: ByteSource, pieces: readonly Piece[], range: { start: number; end: number }): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (const piece of pieces) {
    const start = Math.max(0, range.start - at);
    const end = Math.min(piece.length, range.end + 1 - at) - 1;
    at += piece.length;
    if (end < start) continue;
    if ('bytes' in piece) yield piece.bytes.subarray(start, end + 1);
    else yield* await plain.open({ start: piece.from + start, end: piece.from + end });
  }
}
