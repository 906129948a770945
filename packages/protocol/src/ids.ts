import { z } from 'zod';

/** Identifiers are UUIDs of version 7 (RFC 9562): they sort by the time they were made. Each noun has a brand of its own. */
const uuid = z.uuid();
export const RunId = uuid.brand<'RunId'>();
export type RunId = z.infer<typeof RunId>;
export const AttemptId = uuid.brand<'AttemptId'>();
export type AttemptId = z.infer<typeof AttemptId>;
export const EdgeId = uuid.brand<'EdgeId'>();
export type EdgeId = z.infer<typeof EdgeId>;
export const ServiceId = uuid.brand<'ServiceId'>();
export type ServiceId = z.infer<typeof ServiceId>;
export const OutputId = uuid.brand<'OutputId'>();
export type OutputId = z.infer<typeof OutputId>;
export const SavedChainId = uuid.brand<'SavedChainId'>();
export type SavedChainId = z.infer<typeof SavedChainId>;

/** The name of a step within its chain, such as `draw` or `text-to-image-2`. */
export const StepName = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, 'use lower-case letters, digits and hyphens, starting with a letter');
/** The name of a model's manifest, such as `whisper-tiny.en`. */
export const ModelId = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,126}$/i, 'use letters, digits, dots, underscores and hyphens');
/** The SHA-256 of some bytes in lower-case hexadecimal: the name of an artifact. */
export const ArtifactHash = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 has 64 hexadecimal digits');

/**
 * A new UUID of version 7 (RFC 9562, section 5.7).
 * @param now milliseconds since 1970; pass it where time must be chosen, as in tests
 */
export function newId<T extends string>(now: number = Date.now()): T {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  new DataView(bytes.buffer).setUint32(0, Math.floor(now / 2 ** 16));
  new DataView(bytes.buffer).setUint16(4, now % 2 ** 16);
  bytes[6] = 0x70 | ((bytes[6] as number) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] as number) & 0x3f);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}` as T;
}
