import { z } from 'zod';

const kinds = 'only text is understood here; give images and sound to a chain with a task for them';
const Part = z.union([z.object({ type: z.enum(['text', 'input_text', 'output_text']), text: z.string() })], kinds);
const Role = z.enum(['system', 'developer', 'user', 'assistant'], 'only the roles system, developer, user and assistant are known here');
const Content = z
  .union([z.string(), z.array(Part)], kinds)
  .transform((content) => (typeof content === 'string' ? content : content.map((part) => part.text).join('')));

/** A message of a chat with text, in the forms of chat completions and of responses. */
export const Message = z.object({ role: Role, content: Content }, 'a message has a role and a content');
export type Message = z.infer<typeof Message>;
