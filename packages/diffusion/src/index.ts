/**
 * Latent diffusion: schedulers, seeded noise and the pipelines text-to-image and image-to-video over an abstract tensor session.
 * Not here: what runs networks (drivers), reads files or encodes pictures (media).
 * Begin with text-to-image.ts, then denoise.ts; scheduler/ is the arithmetic and tensor.ts the words.
 */
export * from './camera.ts';
export * from './conformance.ts';
export * from './denoise.ts';
export * from './image-to-video.ts';
export * from './loop-noise.ts';
export * from './model.ts';
export * from './preview.ts';
export * from './scheduler/index.ts';
export * from './seeded-noise.ts';
export * from './tensor.ts';
export * from './text-states.ts';
export * from './text-to-image.ts';
export * from './walk/index.ts';
