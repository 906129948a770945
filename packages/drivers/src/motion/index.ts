/**
 * The driver `motion`: image-to-video with the latent diffusion models that `onnx-diffusion` reads.
 * Not here: the arithmetic (@atelier/diffusion) and the encoding of films (@atelier/media).
 * Begin with driver.ts.
 */
export { motion } from './driver.ts';
