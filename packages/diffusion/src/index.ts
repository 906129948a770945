/**
 * Latent diffusion: schedulers, seeded noise, prompts with weights and the pipelines text-to-image, image-to-image, inpainting and
 * image-to-video over an abstract tensor session. Not here: what runs networks (drivers), reads files or encodes pictures (media).
 * Begin with text-to-image.ts, then draw.ts and denoise.ts; scheduler/ is the arithmetic, prompt/ the notation and tensor.ts the words.
 */
export * from './autoencoder.ts';
export * from './camera.ts';
export * from './conformance.ts';
export * from './denoise.ts';
export * from './draw.ts';
export * from './guidance.ts';
export * from './image-to-image.ts';
export * from './image-to-video.ts';
export * from './inpainting.ts';
export * from './interpolate.ts';
export * from './loop-noise.ts';
export * from './memory.ts';
export * from './model.ts';
export * from './model-config.ts';
export * from './noise.ts';
export * from './paste.ts';
export * from './preview.ts';
export * from './preview-fit.ts';
export * from './prompt/parse-prompt.ts';
export * from './prompt/prompt-chunks.ts';
export * from './recent.ts';
export * from './scheduler/index.ts';
export * from './seeded-noise.ts';
export * from './tensor.ts';
export * from './text-condition.ts';
export * from './text-states.ts';
export * from './text-to-image.ts';
export * from './walk/index.ts';
