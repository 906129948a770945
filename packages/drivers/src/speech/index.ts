/**
 * Speech to text with a Whisper model: where somebody speaks (a voice detector), what is said (window by window, with timestamps and
 * the decoder's own doubts) and when each word is said. Pure but for whisper-ear.ts, whisper-decoder.ts and voice-detector.ts, which run
 * the networks. Not here: files, sound formats and steps. Begin with listen.ts.
 */
export type { Ear } from './ear.ts';
export { type Listened, type ListenOptions, listen } from './listen.ts';
export { type Span, sampleRate } from './span.ts';
export { openVoiceDetector, type VoiceDetector } from './voice-detector.ts';
export { voiceSpans } from './voice-spans.ts';
export { type EarOptions, type WhisperModel, whisperEar } from './whisper-ear.ts';
