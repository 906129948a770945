/**
 * The driver `transformers`: what Transformers.js runs; in this release automatic-speech-recognition.
 * Not here: decoding of sound files, which is @atelier/media.
 * Begin with driver.ts.
 */
export { transformers } from './driver.ts';
