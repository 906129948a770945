/**
 * Reading files from outside: what they are, and small pictures of them. Decoders meet hostile bytes, so they run in processes of their own with a bound on
 * memory and time, a few at a time, and one that breaks takes nothing with it.
 * Not here: the decoders (@atelier/media), and where files come from (../bytes). Begin with media-reader.ts.
 */
export { type FileFacts, inspectFile } from './inspect-file.ts';
export { createMediaReader, type MediaReader } from './media-reader.ts';
export type { Size } from './messages.ts';
export { saveWhole } from './save-whole.ts';
