import { open } from 'node:fs/promises';
import { AtelierError, MediaType, type Modality, mayCarry } from '@atelier/protocol';

const headBytes = 64 * 1024;

/** What a file's first bytes say it can be; of several media types the declared one decides. */
interface Signature {
  readonly at: number;
  readonly bytes: string;
  readonly mediaTypes: readonly string[];
}

/** As latin-1 text. The order counts: a more special signature stands before a wider one. */
const signatures: readonly Signature[] = [
  { at: 0, bytes: '\x89PNG\r\n\x1a\n', mediaTypes: ['image/png'] },
  { at: 0, bytes: '\xff\xd8\xff', mediaTypes: ['image/jpeg'] },
  { at: 0, bytes: 'GIF8', mediaTypes: ['image/gif'] },
  { at: 8, bytes: 'WEBP', mediaTypes: ['image/webp'] },
  { at: 8, bytes: 'WAVE', mediaTypes: ['audio/wav', 'audio/x-wav', 'audio/vnd.wave'] },
  { at: 4, bytes: 'ftypavi', mediaTypes: ['image/avif'] },
  { at: 4, bytes: 'ftypM4A', mediaTypes: ['audio/mp4', 'audio/x-m4a', 'audio/m4a'] },
  { at: 4, bytes: 'ftyp', mediaTypes: ['video/mp4', 'audio/mp4', 'audio/x-m4a', 'video/quicktime'] },
  { at: 0, bytes: '\x1aE\xdf\xa3', mediaTypes: ['video/webm', 'audio/webm', 'video/x-matroska'] },
  { at: 0, bytes: 'OggS', mediaTypes: ['audio/ogg', 'video/ogg', 'audio/opus'] },
  { at: 0, bytes: 'fLaC', mediaTypes: ['audio/flac'] },
  { at: 0, bytes: 'ID3', mediaTypes: ['audio/mpeg', 'audio/mp3'] },
  { at: 0, bytes: '\xff\xfb', mediaTypes: ['audio/mpeg', 'audio/mp3'] },
  { at: 0, bytes: '\xff\xf3', mediaTypes: ['audio/mpeg', 'audio/mp3'] },
];

/**
 * The media type of a step's output, from its bytes rather than from what was declared, checked against its port.
 * @throws AtelierError `unsupported-media` where the bytes are of another modality, `damaged-media` for text that is not UTF-8
 */
export function outputMediaType(head: Buffer, declared: string, modality: Modality): string {
  const mediaType = sniff(head, declared, modality);
  if (mayCarry(modality, mediaType) && MediaType.safeParse(mediaType).success) return mediaType;
  throw new AtelierError('unsupported-media', `The model gave ${mediaType} for an output that carries ${modality}.`, {
    hint: 'Look at what the command or the server writes.',
  });
}

function sniff(head: Buffer, declared: string, modality: Modality): string {
  const text = head.toString('latin1');
  const found = signatures.find(({ at, bytes }) => text.startsWith(bytes, at))?.mediaTypes;
  if (found) return found.find((mediaType) => mediaType === declared.split(';')[0]) ?? (found[0] as string);
  if (modality === 'image' || modality === 'audio' || modality === 'video') return `unknown bytes (declared as ${declared})`;
  if (modality === 'text' && !isText(head)) throw new AtelierError('damaged-media', 'The model gave a text that is not UTF-8.');
  return declared;
}

/** The head may end within a character of up to four bytes. */
function isText(head: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return !head.includes(0);
  } catch {
    return false;
  }
}

/** The first 64 KiB of a file, and whether that is all of it. */
export async function readHead(path: string): Promise<{ head: Buffer; isWhole: boolean }> {
  const handle = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    return { head: buffer.subarray(0, bytesRead), isWhole: bytesRead < headBytes };
  } finally {
    await handle.close();
  }
}
