import { z } from 'zod';

/** What kind of thing a port carries. */
export const modalities = ['text', 'image', 'audio', 'video', 'signal', 'tensor'] as const;
export const Modality = z.enum(modalities);
export type Modality = z.infer<typeof Modality>;

const byPrefix: ReadonlyArray<readonly [string, Modality]> = [
  ['text/', 'text'],
  ['image/', 'image'],
  ['audio/', 'audio'],
  ['video/', 'video'],
  ['application/json', 'text'],
  ['application/x-signal', 'signal'],
  ['application/octet-stream', 'tensor'],
];

/** The modality of a media type (RFC 6838), or undefined where Atelier has none for it. */
export function modalityOf(mediaType: string): Modality | undefined {
  return byPrefix.find(([prefix]) => mediaType.startsWith(prefix))?.[1];
}

/** Pictures that may move: a film may be one. */
const moving: ReadonlySet<string> = new Set(['image/gif', 'image/webp', 'image/apng']);

/** Whether a port of a modality may carry bytes of a media type: a film may also be a GIF or an animated WebP. */
export function mayCarry(modality: Modality, mediaType: string): boolean {
  return modalityOf(mediaType) === modality || (modality === 'video' && moving.has(mediaType));
}

/** Whether an input of a modality may be read from bytes of a media type: the sound of a film may be heard. */
export function mayRead(modality: Modality, mediaType: string): boolean {
  const own = modalityOf(mediaType);
  return own === modality || (modality === 'audio' && own === 'video');
}
