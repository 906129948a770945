import { AtelierError, limits } from '@atelier/protocol';

const whatIsRead = 'Give a WAV, MP3, Ogg, FLAC, M4A or WebM file; docs/formats.md lists all that is read.';

/** Of a kind or a codec that is not read, by its name. */
export function notRead(what: string): AtelierError {
  return new AtelierError('unsupported-media', `This is not sound that can be read here, but ${what}.`, { hint: whatIsRead });
}

export function notSound(): AtelierError {
  return new AtelierError('unsupported-media', 'This is not sound that can be read here.', { hint: whatIsRead });
}

export function damaged(why: string, cause?: unknown): AtelierError {
  return new AtelierError('damaged-media', `The recording is damaged: ${why}.`, { hint: 'Export or copy it again, as WAV if it happens again.', cause });
}

/**
 * A recording that lost its end.
 * @param whole seconds that are there
 * @param declared seconds that its head tells of, if it does
 */
export function cutOff(whole: number, declared: number | undefined): AtelierError {
  const all = declared === undefined ? '' : ` of ${declared.toFixed(1)}`;
  return new AtelierError('damaged-media', `The recording is incomplete, its end is missing: ${whole.toFixed(1)}${all} seconds are whole.`, {
    hint: 'Copy it again, it may have been cut off on its way; or take what is whole: atelier whole FILE --out whole.wav',
  });
}

export function overSeconds(): AtelierError {
  return tooLong(`The recording is longer than ${limits.audioSeconds / 60} minutes.`);
}

export function tooLong(message: string): AtelierError {
  return new AtelierError('too-large', message, { hint: 'Cut the recording into shorter pieces.' });
}
