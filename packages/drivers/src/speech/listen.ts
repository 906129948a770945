import { philox } from '@atelier/diffusion';
import type { TranscriptSegment, TranscriptWord } from '@atelier/protocol';
import { judge, temperatures } from './doubt.ts';
import type { Decoded, Ear, HeardWindow } from './ear.ts';
import { halves } from './halves.ts';
import { type Span, sampleRate } from './span.ts';
import { tokenBound } from './token-bound.ts';
import { type TokenSegment, tokenSegments } from './token-segments.ts';
import { behind, lengthOf, packWindows, placeInRecording, soundOf, stretchInRecording, type Window, windowSamples } from './windows.ts';
import { tokenStarts, tokenWords } from './words.ts';

export interface ListenOptions {
  /** The first temperature; higher ones follow where the decoder doubts. */
  readonly temperature: number;
  /** What was understood so far, in order, and how much of the speech was heard: 0 to 1. */
  readonly heard?: (segments: readonly TranscriptSegment[], fraction: number) => void;
}

export interface Listened {
  readonly segments: readonly TranscriptSegment[];
  /** Speech that the decoder did not trust itself to write down. */
  readonly unclear: readonly Span[];
}

/** Speech that is shorter does not have to be asked for again. */
const negligibleSamples = sampleRate;
interface Listening {
  readonly ear: Ear;
  readonly samples: Float32Array;
  readonly temperature: number;
  readonly unclear: Span[];
}

/**
 * Writes down the speech of a recording, window by window.
 * @param samples the recording, one channel at 16 kHz
 * @param spans where somebody speaks, in order
 */
export async function listen(ear: Ear, samples: Float32Array, spans: readonly Span[], options: ListenOptions): Promise<Listened> {
  const listening: Listening = { ear, samples, temperature: options.temperature, unclear: [] };
  const windows = packWindows(spans);
  const segments: TranscriptSegment[] = [];
  for (const [index, window] of windows.entries()) {
    segments.push(...(await hearWindow(listening, window)));
    options.heard?.(segments, (index + 1) / windows.length);
  }
  return { segments, unclear: listening.unclear };
}

/**
 * Hears a window. What the decoder doubts is heard again in smaller pieces, and only the smallest at higher temperatures: a piece has
 * less in it to be lost or repeated, and says the same each time. Where a text ends before the speech does, the rest is heard next.
 */
async function hearWindow(listening: Listening, window: Window): Promise<TranscriptSegment[]> {
  const now = lengthOf(window) > windowSamples ? firstPart(window) : window;
  const parts = halves(now, listening.samples);
  const heard = await listening.ear.hear(soundOf(now, listening.samples));
  const decoded = await decode(listening, heard, now, parts === undefined);
  if (decoded === undefined) {
    if (parts === undefined) return [];
    const both = [];
    for (const part of parts) both.push(...(await hearWindow(listening, part)));
    const left = behind(window, lengthOf(now));
    return left.length > 0 ? [...both, ...(await hearWindow(listening, left))] : both;
  }
  const isCut = now !== window;
  const { kept, until } = keep(tokenSegments(decoded.tokens, listening.ear.rules), isCut, lengthOf(now));
  const segments = await timed(listening.ear, heard, kept, now, decoded);
  const rest = behind(window, until);
  // Behind the part that was decoded lies sound that nobody has heard yet, however short.
  const isUnheard = isCut && lengthOf(behind(window, lengthOf(now))) > 0;
  return until > 0 && rest.length > 0 && (isUnheard || lengthOf(rest) > negligibleSamples) ? [...segments, ...(await hearWindow(listening, rest))] : segments;
}

function firstPart(window: Window): Window {
  const [span] = window;
  return span === undefined ? [] : [{ start: span.start, end: span.start + windowSamples }];
}

/** @returns undefined if the window should be heard in smaller pieces, or (for the smallest) where nothing can be believed */
async function decode(listening: Listening, heard: HeardWindow, window: Window, isSmallest: boolean): Promise<Decoded | undefined> {
  const { temperature, unclear } = listening;
  const ladder = isSmallest ? [temperature, ...temperatures.filter((other) => other > temperature)] : [temperature];
  for (const [turn, degree] of ladder.entries()) {
    const decoded = await heard.decode({
      temperature: degree,
      random: randomOf(window, turn),
      mostTokens: tokenBound(lengthOf(window), listening.ear.mostTokens),
    });
    const verdict = judge(decoded);
    if (verdict === 'believed' && decoded.ended) return decoded;
    if (verdict === 'silence' && isSmallest) return undefined;
  }
  if (isSmallest) unclear.push({ start: window[0]?.start ?? 0, end: window.at(-1)?.end ?? 0 });
  return undefined;
}

/** The same numbers each time for the same place of a recording. */
function randomOf(window: Window, turn: number): () => number {
  let count = 0;
  return () => philox([count++, 0, turn, 0], [window[0]?.start ?? 0, 0])[0] / 2 ** 32;
}

/** Which segments stand, and up to where the window is done, in samples of its sound. */
function keep(segments: readonly TokenSegment[], isCut: boolean, length: number): { kept: readonly TokenSegment[]; until: number } {
  const last = segments.at(-1);
  if (last === undefined) return { kept: [], until: length };
  // The last words of a window that ends amid speech may be half a word: they are heard again from the last timestamp on.
  const complete = segments.filter(({ end }) => end !== undefined);
  const kept = isCut && complete.length > 0 && last.end === undefined ? complete : segments;
  return { kept, until: Math.min(length, Math.round((kept.at(-1)?.end ?? length / sampleRate) * sampleRate)) };
}

async function timed(ear: Ear, heard: HeardWindow, segments: readonly TokenSegment[], window: Window, decoded: Decoded): Promise<TranscriptSegment[]> {
  const tokens = segments.flatMap((segment) => segment.tokens);
  if (tokens.length === 0) return [];
  const starts = heard.attention && tokenStarts(cropped(await heard.attention(tokens), lengthOf(window)), ear.medianWidth);
  let offset = 0;
  return segments.flatMap((segment) => {
    const own = starts?.slice(offset, offset + segment.tokens.length + 1);
    offset += segment.tokens.length;
    const text = ear.text(segment.tokens).trim();
    if (text === '') return [];
    const words = own && timedWords(ear, segment, own, window);
    const language = heard.language === undefined ? {} : { language: heard.language };
    return [{ ...timesOf(segment, words, window), text, ...language, ...(words ? { words } : {}), confidence: confidenceOf(decoded) }];
  });
}

function timedWords(ear: Ear, segment: TokenSegment, starts: readonly number[], window: Window): TranscriptWord[] {
  const samples = (token: number) => Math.round((starts[token] as number) * sampleRate);
  return tokenWords(segment.tokens, ear.text, ear.hasSpaces).map(({ text, from, to }) => {
    const { start, end } = stretchInRecording(window, samples(from), samples(to));
    return { word: text, start: start / sampleRate, end: end / sampleRate };
  });
}

/** From the first word to the last; without times of words, as the decoder's timestamps say. */
function timesOf(segment: TokenSegment, words: readonly TranscriptWord[] | undefined, window: Window): { start: number; end: number } {
  const first = words?.[0];
  if (first) return { start: first.start, end: words.reduce((latest, { end }) => Math.max(latest, end), first.end) };
  const start = placeInRecording(window, Math.round(segment.start * sampleRate), 'start') / sampleRate;
  const end = placeInRecording(window, segment.end === undefined ? lengthOf(window) : Math.round(segment.end * sampleRate), 'end') / sampleRate;
  return { start, end: Math.max(start, end) };
}

/** Frames of the silence behind the window's sound tell nothing. */
function cropped(attention: { heads: number; tokens: number; frames: number; weights: Float32Array }, samples: number) {
  const frames = Math.min(attention.frames, Math.max(1, Math.ceil(samples / 320)));
  const rows = attention.heads * attention.tokens;
  const weights = new Float32Array(rows * frames);
  for (let row = 0; row < rows; row++) weights.set(attention.weights.subarray(row * attention.frames, row * attention.frames + frames), row * frames);
  return { ...attention, frames, weights };
}

function confidenceOf({ averageLogProbability, compressionRatio, noSpeechProbability, temperature }: Decoded) {
  return { averageLogProbability, compressionRatio, noSpeechProbability, temperature };
}
