/**
 * The driver `onnx-diffusion`: text-to-image, image-to-image and inpainting with latent diffusion models in the diffusers folder layout, on ONNX Runtime.
 * Not here: the arithmetic, which is @atelier/diffusion and knows no ONNX Runtime, and its sessions (onnx/).
 * Begin with driver.ts; model-folder.ts reads a model.
 */
export { onnxDiffusion } from './driver.ts';
export { openDiffusionFolder } from './model-folder.ts';
