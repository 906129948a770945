import { z } from 'zod';
import { ArtifactHash } from './ids.ts';

/** A name of RFC 6838, section 4.2. */
const restrictedName = '[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}';
/** A parameter of RFC 9110, section 5.6.6: a token, or a quoted text without control characters. */
const parameter = '[ \\t]*;[ \\t]*[A-Za-z0-9!#$&^_.+-]+=(?:[A-Za-z0-9!#$%&\'*+.^_`|~-]+|"[\\x20\\x21\\x23-\\x5b\\x5d-\\x7e]*")';
const grammar = new RegExp(`^${restrictedName}/${restrictedName}(?:${parameter})*$`);

/** A media type as RFC 6838 names them, with the parameters of RFC 9110: what comes from others is held to it before it is kept or sent. */
export const MediaType = z.string().max(200).regex(grammar, 'a media type is written like image/png');

/** @returns the media type where it is one, `application/octet-stream` for anything else, as older releases kept */
export function safeMediaType(text: string): string {
  return MediaType.safeParse(text).success ? text : 'application/octet-stream';
}

/** Immutable bytes named by their SHA-256. */
export const Artifact = z.object({
  hash: ArtifactHash,
  mediaType: z.string().max(200),
  sizeBytes: z.number().int().nonnegative(),
});
export type Artifact = z.infer<typeof Artifact>;
