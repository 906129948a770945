import { z } from 'zod';

/** The value of the port `usage` of text-generation, as JSON: what the model's own tokenizer counted, and why it ended. */
export const TextUsage = z.object({
  promptTokens: z.int().nonnegative(),
  completionTokens: z.int().nonnegative(),
  /** `stop`: at its own end or before a stop word. `length`: at the most tokens that it may write or keep in mind. */
  finish: z.enum(['stop', 'length']),
});
export type TextUsage = z.infer<typeof TextUsage>;
