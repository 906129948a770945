/**
 * Pictures, films and sound: bytes in, pixels and samples out, and back.
 * Not here: models. Everything takes and gives bytes, but for films, which are written to a file since they may be longer than memory.
 * Begin with picture.ts, film-writer.ts and sound/; sniff.ts tells what some bytes are.
 */
export * from './film.ts';
export { type FilmFormat, type FilmOptions, type FilmWriter, type FilmWriterOptions, filmFormats, openFilmWriter, sampleNumbers } from './film-writer.ts';
export * from './mask.ts';
export * from './mp4.ts';
export * from './onset.ts';
export {
  encodePicture,
  encodePng,
  encodePreview,
  inspectPicture,
  type PictureInfo,
  type RgbPicture,
  readFrames,
  readPicture,
  readPictureCovering,
  resizePicture,
  samePixels,
} from './picture.ts';
export * from './picture-tensor.ts';
export * from './sniff.ts';
export * from './sound/index.ts';
export * from './transparency.ts';
export * from './wav.ts';
