/**
 * The driver `llama`: text-generation with GGUF models on llama.cpp.
 * Not here: sampling and chat templates, which llama.cpp does itself.
 * Begin with driver.ts; picture-prompt.ts turns a sentence into a prompt for a picture.
 */
export { llama } from './driver.ts';
