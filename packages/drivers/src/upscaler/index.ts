/**
 * The driver `onnx-upscaler`: any ONNX network that makes a picture larger.
 * Not here: sessions of ONNX Runtime (onnx/), and reading and writing pictures (@atelier/media).
 * Begin with driver.ts; tiles.ts says how a large picture goes through a network in pieces.
 */
export { onnxUpscaler } from './driver.ts';
