import { type Span, sampleRate } from './span.ts';

/** Samples in one frame of the voice detector: 32 ms. */
export const frameSamples = 512;

export interface VoiceOptions {
  /** Speech begins with a frame that is at least so likely speech, and goes on until the likelihood falls below `threshold - 0.15`. */
  readonly threshold: number;
  /** What is shorter is no speech. */
  readonly shortestSpeechSeconds: number;
  /** A pause that is shorter does not end a stretch of speech. */
  readonly shortestPauseSeconds: number;
  /** What is kept on both sides of speech; half of the pause where two stretches lie closer. */
  readonly paddingSeconds: number;
  /** Longer speech is cut at the longest pause inside of it; without one it stays whole. */
  readonly longestSpeechSeconds: number;
}

export const usualVoice: VoiceOptions = {
  threshold: 0.5,
  shortestSpeechSeconds: 0.2,
  shortestPauseSeconds: 0.4,
  paddingSeconds: 0.2,
  longestSpeechSeconds: 29,
};

/** What keeps a stretch of speech going is less than what begins one. */
const hysteresis = 0.15;
/** A pause at which overlong speech may be cut. */
const cuttingPauseSeconds = 0.098;

/**
 * Stretches of speech from the likelihood of each frame: the rules that Silero documents for its detector (silero_vad/utils_vad.py,
 * `get_speech_timestamps_from_probs`), with hysteresis, shortest speech and pause, and padding.
 * @param likelihoods one a frame of {@link frameSamples}, 0 to 1
 * @param samples how long the recording is
 */
export function voiceSpans(likelihoods: ArrayLike<number>, samples: number, options: VoiceOptions = usualVoice): Span[] {
  const padding = Math.round(options.paddingSeconds * sampleRate);
  const longest = options.longestSpeechSeconds * sampleRate - 2 * padding;
  const stretches = stretchesOf(likelihoods, samples, options)
    .filter(({ start, end }) => end - start > options.shortestSpeechSeconds * sampleRate)
    .flatMap((stretch) => cutAtPauses(stretch, longest));
  return padded(stretches, padding, samples);
}

interface Stretch extends Span {
  /** Short pauses inside of it. */
  readonly pauses: readonly Span[];
}

function stretchesOf(likelihoods: ArrayLike<number>, samples: number, { threshold, shortestPauseSeconds }: VoiceOptions): Stretch[] {
  const shortestPause = shortestPauseSeconds * sampleRate;
  const found: Stretch[] = [];
  let start: number | undefined;
  let quietSince: number | undefined;
  let pauses: Span[] = [];
  for (let frame = 0; frame < likelihoods.length; frame++) {
    const at = frame * frameSamples;
    const likelihood = likelihoods[frame] ?? 0;
    if (likelihood >= threshold) {
      if (quietSince !== undefined) pauses.push({ start: quietSince, end: at });
      quietSince = undefined;
      start ??= at;
    } else if (start !== undefined && likelihood < threshold - hysteresis) {
      quietSince ??= at;
      if (at + frameSamples - quietSince < shortestPause) continue;
      found.push({ start, end: quietSince, pauses });
      start = undefined;
      quietSince = undefined;
      pauses = [];
    }
  }
  if (start !== undefined) found.push({ start, end: Math.min(samples, quietSince ?? samples), pauses });
  return found;
}

/** Cuts speech that is too long at the longest of its pauses, again and again; without a pause it stays whole. */
function cutAtPauses({ start, end, pauses }: Stretch, longest: number): Span[] {
  if (end - start <= longest) return [{ start, end }];
  const within = pauses.filter((pause) => pause.start > start && pause.end - pause.start >= cuttingPauseSeconds * sampleRate && pause.start - start <= longest);
  // The second half is preferred, so that little pieces stay rare.
  const late = within.filter((pause) => pause.start - start > longest / 2);
  const [cut] = (late.length > 0 ? late : within).toSorted((a, b) => b.end - b.start - (a.end - a.start));
  if (cut === undefined) return [{ start, end }];
  const rest = { start: cut.end, end, pauses: pauses.filter((pause) => pause.start > cut.start) };
  return [{ start, end: cut.start }, ...cutAtPauses(rest, longest)];
}

function padded(spans: readonly Span[], padding: number, samples: number): Span[] {
  return spans.map(({ start, end }, index) => {
    const before = spans[index - 1]?.end ?? Number.NEGATIVE_INFINITY;
    const after = spans[index + 1]?.start ?? Number.POSITIVE_INFINITY;
    return {
      start: Math.max(0, start - Math.min(padding, Math.floor((start - before) / 2))),
      end: Math.min(samples, end + Math.min(padding, Math.floor((after - end) / 2))),
    };
  });
}
