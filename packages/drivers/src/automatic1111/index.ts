/**
 * Draws on a server of AUTOMATIC1111's web UI: text-to-image, image-to-image, inpainting, with progress and previews.
 * Not here: its extensions; what they need can be given under options.extra.
 * Begin with driver.ts. Written from the API document that release 1.10.1 serves at /docs; no such server was reached when it was written.
 */
export { automatic1111 } from './driver.ts';
