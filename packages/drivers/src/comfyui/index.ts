/**
 * Runs a user's own graph on a ComfyUI server: values in by name, progress and previews back, files out.
 * Not here: graphs; they come from the edge owner's file, in ComfyUI's API format ("Export (API)" in its menu).
 * Begin with driver.ts. Read from ComfyUI 0.8.0; fixtures/comfyui holds what it answered.
 */
export { comfyui } from './driver.ts';
