import { z } from 'zod';

/** A word and when it is said, in seconds of the recording. */
export const TranscriptWord = z.object({
  word: z.string(),
  start: z.number().nonnegative(),
  end: z.number().nonnegative(),
});
export type TranscriptWord = z.infer<typeof TranscriptWord>;

/** Words that are said in one go, such as a sentence; times in seconds of the recording. */
export const TranscriptSegment = z.object({
  start: z.number().nonnegative(),
  end: z.number().nonnegative(),
  text: z.string(),
  /** Somebody speaks there, but the model did not trust what it understood; `text` is empty. */
  unclear: z.boolean().optional(),
  /** The language that was heard, as an ISO 639 code, where the model knows it. */
  language: z.string().optional(),
  /** Left out by models that do not tell when each word is said. */
  words: z.array(TranscriptWord).optional(),
  /** How sure the model is, as Whisper's paper measures it (Radford and others, 2022, section 4.5). */
  confidence: z
    .object({
      averageLogProbability: z.number(),
      compressionRatio: z.number(),
      noSpeechProbability: z.number(),
      /** At which it was written: over 0 where the model doubted at first. */
      temperature: z.number(),
    })
    .optional(),
});
export type TranscriptSegment = z.infer<typeof TranscriptSegment>;

/** The value of the port `segments` of automatic-speech-recognition, as JSON. */
export const TranscriptSegments = z.array(TranscriptSegment);

/** Milliseconds as `hours:minutes:seconds` and thousandths behind a mark: 00:01:02,500. */
function clock(seconds: number, mark: ',' | '.'): string {
  const all = Math.round(seconds * 1000);
  const part = (value: number, digits: number) => String(value).padStart(digits, '0');
  return `${part(Math.floor(all / 3_600_000), 2)}:${part(Math.floor(all / 60_000) % 60, 2)}:${part(Math.floor(all / 1000) % 60, 2)}${mark}${part(all % 1000, 3)}`;
}

/** A cue may hold no empty line, which ends it, and no arrow, which players take for a time. */
const cueText = (text: string) =>
  text
    .trim()
    .replaceAll('-->', '→')
    .replaceAll(/\s*[\r\n]+\s*/g, '\n');

/** What can be shown: unclear stretches have no words. */
const shown = (segments: readonly TranscriptSegment[]) => segments.filter(({ text }) => text.trim() !== '');

/** Subtitles as SubRip (.srt) has them: numbered cues, a comma before the milliseconds, an empty line behind each. Nothing said gives an empty file. */
export function toSrt(segments: readonly TranscriptSegment[]): string {
  return shown(segments)
    .map(({ start, end, text }, index) => `${index + 1}\n${clock(start, ',')} --> ${clock(end, ',')}\n${cueText(text)}\n\n`)
    .join('');
}

/** Subtitles as WebVTT (W3C, section 4) has them; `&`, `<` and `>` are written as character references. */
export function toVtt(segments: readonly TranscriptSegment[]): string {
  const escaped = (text: string) => cueText(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const cues = shown(segments).map(({ start, end, text }) => `${clock(start, '.')} --> ${clock(end, '.')}\n${escaped(text)}\n\n`);
  return `WEBVTT\n\n${cues.join('')}`;
}
