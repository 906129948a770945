import { AtelierError, type TranscriptSegment, toSrt, toVtt } from '@atelier/protocol';

/** What is asked for, as OpenAI names it. */
export interface AnswerForm {
  readonly format: 'json' | 'text' | 'srt' | 'vtt' | 'verbose_json';
  readonly granularities: readonly ('segment' | 'word')[];
}

export interface Transcription {
  readonly text: string;
  /** Undefined if the model tells no times. */
  readonly segments: readonly TranscriptSegment[] | undefined;
  /** Of the recording. */
  readonly seconds: number;
  /** ISO 639 code of what was asked for, or of what the model knows alone. */
  readonly language: string | undefined;
}

/**
 * A transcription in one of OpenAI's forms.
 * @throws AtelierError `invalid-input` where times are asked for that the model does not tell
 */
export function transcriptionAnswer(transcription: Transcription, form: AnswerForm): Response {
  const plain = (text: string, type: string) => new Response(text, { headers: { 'content-type': `${type}; charset=utf-8` } });
  if (form.format === 'json') return Response.json({ text: transcription.text });
  if (form.format === 'text') return plain(`${transcription.text}\n`, 'text/plain');
  const segments = transcription.segments?.filter(({ text }) => text !== '') ?? withoutTimes(transcription, form);
  if (form.format === 'srt') return plain(toSrt(segments), 'application/x-subrip');
  if (form.format === 'vtt') return plain(toVtt(segments), 'text/vtt');
  return Response.json(verbose(transcription, segments, form));
}

/** No text needs no times. */
function withoutTimes({ text }: Transcription, { format }: AnswerForm): readonly TranscriptSegment[] {
  if (text === '') return [];
  throw new AtelierError('invalid-input', `This model does not tell when something is said, so that it cannot answer as ${format}.`, {
    hint: 'Ask for response_format json or text, or choose another model.',
  });
}

function verbose({ text, seconds, language }: Transcription, segments: readonly TranscriptSegment[], { granularities }: AnswerForm) {
  const spoken = segments.find((segment) => segment.language)?.language ?? language;
  return {
    task: 'transcribe',
    language: spoken === undefined ? '' : nameOf(spoken),
    duration: seconds,
    text,
    ...(granularities.includes('segment') ? { segments: segments.map(segmentOf) } : {}),
    ...(granularities.includes('word') ? { words: segments.flatMap(wordsOf) } : {}),
  };
}

/** As OpenAI says it: english, german. */
function nameOf(code: string): string {
  return (new Intl.DisplayNames(['en'], { type: 'language', fallback: 'code' }).of(code) ?? code).toLowerCase();
}

function segmentOf({ start, end, text, confidence }: TranscriptSegment, id: number) {
  return {
    id,
    /** In frames of 10 ms, as Whisper counts. */
    seek: Math.round(start * 100),
    start,
    end,
    text,
    /** Numbers of a vocabulary mean nothing without the model. */
    tokens: [],
    temperature: confidence?.temperature ?? 0,
    avg_logprob: confidence?.averageLogProbability ?? 0,
    compression_ratio: confidence?.compressionRatio ?? 0,
    no_speech_prob: confidence?.noSpeechProbability ?? 0,
  };
}

function wordsOf({ words }: TranscriptSegment) {
  if (words) return words;
  throw new AtelierError('invalid-input', 'This model does not tell when each word is said.', { hint: 'Ask for timestamp_granularities[]: segment.' });
}
