/** Some bytes as characters of Latin-1, as marks of formats are compared. */
export function textAt(bytes: Uint8Array, offset: number, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1', offset, offset + length);
}
