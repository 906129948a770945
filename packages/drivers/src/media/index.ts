/**
 * The driver `media`: films of frames.
 * Not here: how films are encoded (@atelier/media), and where a camera goes (@atelier/diffusion).
 * Begin with driver.ts.
 */
export { media } from './driver.ts';
