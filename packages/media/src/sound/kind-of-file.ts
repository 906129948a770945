import { ALL_FORMATS, FilePathSource, Input } from 'mediabunny';

/** Containers of sound and of pictures alike. */
const shared = /^(audio|video)\/(mp4|quicktime|webm|x-matroska)$/;

/**
 * Whether a file holds a film or sound alone, by the streams inside of it; nothing is decoded, and only its head and index are read.
 * @param path of the file
 * @param sniffed what its first bytes look like
 * @returns a media type (RFC 6838); what was given if the container holds one kind anyway, or cannot be read
 * @example await kindOfFile('voice.m4a', 'video/mp4') // 'audio/mp4'
 */
export async function kindOfFile(path: string, sniffed: string): Promise<string> {
  const container = shared.exec(sniffed)?.[2];
  if (container === undefined) return sniffed;
  const input = new Input({ source: new FilePathSource(path), formats: ALL_FORMATS });
  try {
    const [films, sounds] = [await input.getVideoTracks(), await input.getAudioTracks()];
    if (films.length > 0) return `video/${container}`;
    return sounds.length === 0 ? sniffed : `audio/${container === 'quicktime' ? 'mp4' : container}`;
  } catch {
    return sniffed;
  } finally {
    input.dispose();
  }
}
