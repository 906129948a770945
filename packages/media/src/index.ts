/**
 * Pictures, films and sound: bytes in, pixels and samples out, and back.
 * Not here: models, and files; everything takes and gives bytes.
 * Begin with picture.ts, film.ts and audio.ts; sniff.ts tells what some bytes are.
 */
export * from './audio.ts';
export * from './film.ts';
export * from './mp4.ts';
export * from './onset.ts';
export * from './picture.ts';
export * from './picture-tensor.ts';
export * from './resample.ts';
export * from './sniff.ts';
export * from './wav.ts';
