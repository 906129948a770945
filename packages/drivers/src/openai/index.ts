/**
 * The driver `openai`: text, speech and pictures by any server that speaks OpenAI's API.
 * Not here: our own endpoints of that form (apps/coordinator).
 * Begin with driver.ts.
 */
export { openai } from './driver.ts';
