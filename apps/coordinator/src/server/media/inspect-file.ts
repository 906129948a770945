import { open, readFile, stat } from 'node:fs/promises';
import { sniffMediaType } from '@atelier/media';
import { AtelierError, type Dimensions, limits } from '@atelier/protocol';
import type { MediaReader } from './media-reader.ts';

export interface FileFacts {
  readonly mediaType: string;
  /** Of an image or a recording; null for everything else. */
  readonly dimensions: Dimensions | null;
}

/**
 * What a file is, by its bytes and not by what its sender says. Pictures and recordings are read to their end here, before any step waits for them.
 * @throws AtelierError `unsupported-media`, `damaged-media`, `too-large`, `timeout`
 */
export async function inspectFile(media: MediaReader, file: string, name: string | null): Promise<FileFacts> {
  const { size } = await stat(file);
  if (size === 0) throw new AtelierError('damaged-media', 'The file is empty.', { hint: 'Choose a file with something in it.' });
  const mediaType = sniffMediaType(await head(file));
  if (mediaType === undefined) return { mediaType: await inspectText(file, size, name), dimensions: null };
  return /^(image|audio|video)\//.test(mediaType) ? media.inspect(file, mediaType) : { mediaType, dimensions: null };
}

const headBytes = 4096;

async function head(file: string): Promise<Uint8Array> {
  await using handle = await open(file, 'r');
  const { buffer, bytesRead } = await handle.read(new Uint8Array(headBytes), 0, headBytes, 0);
  return buffer.subarray(0, bytesRead);
}

/** Text has no magic number: it is what is valid UTF-8 without control characters. */
async function inspectText(file: string, sizeBytes: number, name: string | null): Promise<string> {
  if (sizeBytes <= limits.textBytes) {
    const text = decode(await readFile(file));
    if (text !== undefined) return isJson(text, name) ? 'application/json' : 'text/plain';
  }
  throw new AtelierError('unsupported-media', 'This kind of file is not known here.', {
    hint: `Give an image, a recording, a video, or a text of at most ${limits.textBytes} bytes.`,
  });
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what tells text from other bytes
    return /[\u0000-\u0008\u000e-\u001f]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

function isJson(text: string, name: string | null): boolean {
  if (!name?.toLowerCase().endsWith('.json')) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
