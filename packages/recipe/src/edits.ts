/** A change of a file: at an offset of the original, some bytes go and others come. */
export interface Edit {
  readonly at: number;
  /** Bytes of the original that go. */
  readonly remove: number;
  readonly insert: Uint8Array;
}

/** @param edits in the order of their offsets, none overlapping another, as every carrier gives them */
export function applyEdits(bytes: Uint8Array, edits: readonly Edit[]): Uint8Array {
  const growth = edits.reduce((sum, { insert, remove }) => sum + insert.length - remove, 0);
  const result = new Uint8Array(bytes.length + growth);
  let from = 0;
  let to = 0;
  for (const { at, remove, insert } of edits) {
    result.set(bytes.subarray(from, at), to);
    result.set(insert, to + at - from);
    to += at - from + insert.length;
    from = at + remove;
  }
  result.set(bytes.subarray(from), to);
  return result;
}
