/**
 * Pictures, films and sound: bytes in, pixels and samples out, and back.
 * Not here: models. Everything takes and gives bytes, but for films, which are written to a file since they may be longer than memory.
 * Begin with picture.ts, film-writer.ts and audio.ts; sniff.ts tells what some bytes are.
 */
export * from './audio.ts';
export * from './film.ts';
export { type FilmFormat, type FilmOptions, type FilmWriter, type FilmWriterOptions, filmFormats, openFilmWriter, sampleNumbers } from './film-writer.ts';
export * from './mp4.ts';
export * from './onset.ts';
export * from './picture.ts';
export * from './picture-tensor.ts';
export * from './resample.ts';
export * from './sniff.ts';
export * from './transparency.ts';
export * from './wav.ts';
