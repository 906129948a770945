/**
 * Drivers: what runs models of one kind, one folder each.
 * Not here: which edge runs what, and the process that a slot is (apps/edge).
 * Begin with driver.ts, which says what a driver is; conformance.ts holds what all of them promise.
 */
import type { BuiltInDriver, DriverName } from '@atelier/protocol';
import type { Driver } from './driver.ts';

export { controlsOf, HeardControls, type StepControls, undisturbed } from './controls.ts';
export type { Checkpoint, Driver, LoadedModel, LoadOptions, MediaFile, ModelSource, StepReport, StepRequest, StepResult } from './driver.ts';
export { type RunningService, type ServiceContext, type ServiceProgram, servicePrograms } from './service.ts';

/** Every driver by name, loaded when it is asked for: a slot that runs commands must not carry ONNX Runtime. */
export const drivers: Readonly<Record<DriverName, () => Promise<Driver>>> = {
  transformers: async () => (await import('./transformers/index.ts')).transformers,
  llama: async () => (await import('./llama/index.ts')).llama,
  'onnx-diffusion': async () => (await import('./onnx-diffusion/index.ts')).onnxDiffusion,
  motion: async () => (await import('./motion/index.ts')).motion,
  media: async () => (await import('./media/index.ts')).media,
  'onnx-upscaler': async () => (await import('./upscaler/index.ts')).onnxUpscaler,
  openai: async () => (await import('./openai/index.ts')).openai,
  comfyui: async () => (await import('./comfyui/index.ts')).comfyui,
  automatic1111: async () => (await import('./automatic1111/index.ts')).automatic1111,
  command: async () => (await import('./command/index.ts')).command,
} satisfies Record<BuiltInDriver, () => Promise<Driver>>;
