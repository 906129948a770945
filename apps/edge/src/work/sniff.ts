import { open } from 'node:fs/promises';
import { canBe, sniffMediaType } from '@atelier/media/sniff';
import { AtelierError, MediaType, type Modality, mayCarry } from '@atelier/protocol';

const headBytes = 64 * 1024;

/**
 * The media type of a step's output, from its bytes rather than from what was declared, checked against its port.
 * @throws AtelierError `unsupported-media` if the bytes are of another modality, `damaged-media` for text that is not UTF-8
 */
export function outputMediaType(head: Buffer, declared: string, modality: Modality): string {
  const mediaType = sniff(head, declared, modality);
  if (mayCarry(modality, mediaType) && MediaType.safeParse(mediaType).success) return mediaType;
  throw new AtelierError('unsupported-media', `The model gave ${mediaType} for an output that carries ${modality}.`, {
    hint: 'Look at what the command or the server writes.',
  });
}

function sniff(head: Buffer, declared: string, modality: Modality): string {
  const found = sniffMediaType(head);
  if (found) return canBe(declared, found) ? (declared.split(';')[0] as string).trim() : found;
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
