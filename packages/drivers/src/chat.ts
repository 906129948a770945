import { AtelierError } from '@atelier/protocol';
import { z } from 'zod';

/** A message of a chat, as OpenAI's API writes it. */
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

const Content = z.union([
  z.string(),
  z.array(z.object({ type: z.literal('text'), text: z.string() })).transform((parts) => parts.map((part) => part.text).join('')),
]);
const Role = z.enum(['system', 'developer', 'user', 'assistant']).transform((role) => (role === 'developer' ? 'system' : role));
const Message = z.object({ role: Role, content: Content });
const Chat = z.union([z.array(Message).min(1), z.object({ messages: z.array(Message).min(1) }).transform((chat) => chat.messages)]);

/**
 * The messages of a chat: a JSON list of `{role, content}`, or a plain text as the user's only message.
 * @param system what the model is told before; put in front unless it is empty
 * @throws AtelierError `invalid-input` for JSON that is not a chat
 */
export function readChat(text: string, mediaType: string, system: string): ChatMessage[] {
  const before: ChatMessage[] = system.trim() === '' ? [] : [{ role: 'system', content: system }];
  if (!mediaType.startsWith('application/json')) return [...before, { role: 'user', content: text }];
  const parsed = Chat.safeParse(parseJson(text));
  if (parsed.success) return [...before, ...parsed.data];
  throw new AtelierError('invalid-input', 'The chat is not a list of messages with role and content.', {
    hint: 'Write [{"role": "user", "content": "Hello"}]; only text is understood here.',
    cause: parsed.error,
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AtelierError('invalid-input', 'The chat is not JSON.', { cause });
  }
}
