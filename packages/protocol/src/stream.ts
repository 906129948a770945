import { z } from 'zod';
import { AtelierError } from './errors.ts';
import { limits } from './limits.ts';

/** What one sample of a channel is, in the names of NumPy; `string` is for markers and annotations. */
export const elementTypes = ['float32', 'float64', 'int8', 'int16', 'int32', 'int64', 'string'] as const;
export const ElementType = z.enum(elementTypes);
export type ElementType = z.infer<typeof ElementType>;

/** Wherever a chain names what a step reads: `streams.NAME`. */
export const streamPrefix = 'streams.';

/** A source that goes on while steps read it, such as an EEG headset: it has no hash, no size and no end, so it is no artifact. */
export const Stream = z
  .object({
    type: ElementType,
    channels: z.int().min(1).max(limits.streamChannels).default(1),
    /** Samples a second of each channel; null if they come whenever something happens, as markers do. */
    rate: z.number().positive().max(limits.streamRate).nullable(),
    /** Of a sample's value, such as `uV`. */
    unit: z.string().max(40).optional(),
    description: z.string().max(500).optional(),
  })
  .strict();
export type Stream = z.infer<typeof Stream>;

/** By name, as inputs are. */
export const Streams = z
  .record(z.string().regex(/^[A-Za-z][A-Za-z0-9]{0,62}$/, 'a name has letters and digits, and begins with a letter'), Stream)
  .refine((streams) => Object.keys(streams).length <= limits.streamsPerChain, `a chain declares at most ${limits.streamsPerChain} streams`);

/**
 * What a chain says of streams is checked here, and refused: no step can read them yet.
 * @param streams that the chain declares
 * @param read what its steps read, by the step's name
 * @throws AtelierError `invalid-input` for a stream that is read and not declared, and for every chain with streams
 */
export function refuseStreams(streams: Readonly<Record<string, Stream>>, read: ReadonlyArray<{ readonly stepId: string; readonly source: unknown }>): void {
  const names = Object.keys(streams);
  for (const { stepId, source } of read) {
    if (typeof source !== 'string' || !source.startsWith(streamPrefix)) continue;
    if (names.includes(source.slice(streamPrefix.length))) continue;
    throw new AtelierError('invalid-input', `${stepId} reads ${source}, but the chain declares no such stream.`, {
      hint: `Add it under streams, with its type and rate, or use: ${names.join(', ') || 'none yet'}.`,
    });
  }
  if (names.length === 0) return;
  throw new AtelierError('invalid-input', `Live streams cannot be read by chains yet: ${names.join(', ')}.`, {
    hint: 'Take them out of the chain. What was recorded can be given as a file, under inputs.',
  });
}
