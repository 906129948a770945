/**
 * Sound: files of many kinds to one channel of samples. Samples become a file in ../wav.ts.
 * mediabunny reads the containers, WebAssembly decodes what is in them packet by packet, and what comes out is brought to the asked rate at once, so that
 * memory grows with what is asked for and not with what a file claims. docs/formats.md says what is read.
 * Not here: what a recogniser makes of it. Begin with decode-audio.ts.
 */
export { type DecodeOptions, decodeAudio, measureAudio } from './decode-audio.ts';
export { kindOfFile } from './kind-of-file.ts';
export { isSilent, type MonoSound } from './mono-sound.ts';
export { resample } from './resample.ts';
