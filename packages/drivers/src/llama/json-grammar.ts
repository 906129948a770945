import { AtelierError, cutText } from '@atelier/protocol';
import type { loadModel } from '@fugood/llama.node';

type Context = Awaited<ReturnType<typeof loadModel>>;

/** A template without words of its own, so that the grammar does not depend on the model's. */
const plainTemplate = '{% for message in messages %}{{ message.content }}{% endfor %}';

/**
 * The grammar, in llama.cpp's GBNF, of JSON that follows a schema. llama.cpp also takes a schema where it writes, but ignores it there without
 * a word; where it formats a chat it makes the grammar, with room for a Markdown fence, which is taken out here, and for empty lines, which small
 * models would fill their answer with.
 * @param schema JSON Schema as text; undefined: any object
 * @throws AtelierError `invalid-input` for a schema that llama.cpp cannot follow
 */
export async function jsonGrammar(context: Context, schema: string | undefined): Promise<string> {
  const format = { type: 'json_schema', json_schema: { schema: schema ? JSON.parse(schema) : { type: 'object' } } } as const;
  const chat = await formatted(context, format);
  const rule = /^response-format ::= /m;
  const grammar = chat.type === 'jinja' ? (chat.grammar ?? '') : '';
  if (!rule.test(grammar)) throw refused('it made no grammar of it');
  if (repetitionsOf(grammar) > mostRepetitions) throw refused('its lengths and counts are too large');
  return grammar.replace(/^root ::= .*$/m, () => 'root ::= response-format').replace(/^space ::= .*$/m, () => 'space ::= " "?');
}

async function formatted(context: Context, format: { type: 'json_schema'; json_schema: { schema: unknown } }) {
  try {
    return await context.getFormattedChat([{ role: 'user', content: '' }], plainTemplate, { jinja: true, response_format: format });
  } catch (cause) {
    throw refused(cause instanceof Error ? (cause.message.split('\n').at(-1) ?? '') : String(cause), cause);
  }
}

/** llama.cpp reads no grammar that repeats something 2,000 times or more, and its context writes nothing any more after it met one: so none may come there. */
const mostRepetitions = 1999;

function repetitionsOf(grammar: string): number {
  const bare = grammar.replaceAll(/"(?:[^"\\]|\\.)*"|\[(?:[^\]\\]|\\.)*\]/g, '');
  return Math.max(0, ...[...bare.matchAll(/\{(\d+)(?:,(\d*))?\}/g)].map(([, least, most]) => Math.max(Number(least), Number(most || 0))));
}

function refused(reason: string, cause?: unknown): AtelierError {
  return new AtelierError('invalid-input', `llama.cpp cannot follow the JSON Schema: ${cutText(reason, 300)}.`, {
    hint: 'Use type, properties, required, items, enum, const, anyOf, bounds, and pattern from ^ to $; references only within the schema.',
    cause,
  });
}
