import { expect } from 'vitest';
import { type Field, fields, type KnownRoute } from './fields.ts';

/** One call that OpenAI's own clients make, in JavaScript and in Python alike. */
export interface ClientCase {
  readonly name: string;
  /** The client's method. */
  readonly call: string;
  /** Arguments without a name. */
  readonly words?: readonly string[];
  /** Arguments that both clients know by name; `{ file: 'NAME.png' }` stands for a file. */
  readonly given?: Readonly<Record<string, unknown>>;
  /** Fields of the body that the clients may not know. */
  readonly beyond?: Readonly<Record<string, unknown>>;
  /** What the answer holds; of a stream, the list of its events. */
  readonly answer?: unknown;
  readonly error?: unknown;
}

const methods: Readonly<Record<KnownRoute, string>> = {
  'POST /v1/chat/completions': 'chat.completions.create',
  'POST /v1/completions': 'completions.create',
  'POST /v1/responses': 'responses.create',
  'POST /v1/images/generations': 'images.generate',
  'POST /v1/images/edits': 'images.edit',
  'POST /v1/images/variations': 'images.createVariation',
};

const picture = { file: 'picture.png' };
const messages = [{ role: 'user', content: 'Greet me.' }];
/** The least that each route needs. */
const least: Readonly<Record<KnownRoute, Record<string, unknown>>> = {
  'POST /v1/chat/completions': { model: 'auto', messages },
  'POST /v1/completions': { model: 'auto', prompt: 'Good' },
  'POST /v1/responses': { model: 'auto', input: 'Greet me.' },
  'POST /v1/images/generations': { prompt: 'a red apple' },
  'POST /v1/images/edits': { prompt: 'a red apple', image: picture },
  'POST /v1/images/variations': { image: picture },
};

const usage = { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 };
const schema = { type: 'object', properties: { fruit: { enum: ['apple', 'pear'] } }, required: ['fruit'], additionalProperties: false };
const refusal = (param: string | null, status = 400) => expect.objectContaining({ status, ...(param === null ? {} : { param }) });
const chat = { call: methods['POST /v1/chat/completions'] };
const completion = { call: methods['POST /v1/completions'] };
const response = { call: methods['POST /v1/responses'] };
const chunk = (delta: object, finish: string | null = null) =>
  expect.objectContaining({
    object: 'chat.completion.chunk',
    choices: [expect.objectContaining({ index: 0, delta: expect.objectContaining(delta), finish_reason: finish })],
  });

const texts: readonly ClientCase[] = [
  {
    ...chat,
    name: 'a chat with its settings',
    given: {
      model: 'writer',
      messages: [
        { role: 'system', content: 'Be short.' },
        { role: 'user', content: [{ type: 'text', text: 'Greet me.' }] },
      ],
      max_tokens: 32,
      temperature: 0.5,
      top_p: 0.9,
      stop: ['END', 'STOP'],
      seed: 7,
    },
    answer: {
      object: 'chat.completion',
      model: 'writer',
      choices: [{ index: 0, message: { role: 'assistant', content: 'Good morning.' }, finish_reason: 'stop' }],
      usage,
    },
  },
  {
    ...chat,
    name: 'three answers',
    given: { model: 'auto', messages, n: 3 },
    answer: { choices: [{ index: 0 }, { index: 1 }, { index: 2 }], usage: { completion_tokens: 9, total_tokens: 18 } },
  },
  { ...chat, name: 'more answers than are given', given: { model: 'auto', messages, n: 11 }, error: refusal('n') },
  {
    ...chat,
    name: 'any number of tokens',
    given: { model: 'auto', messages, max_completion_tokens: 1_000_000_000 },
    answer: { choices: [{ finish_reason: 'stop' }] },
  },
  {
    ...chat,
    name: 'too few tokens to end',
    given: { model: 'auto', messages, max_tokens: 2 },
    answer: { choices: [{ finish_reason: 'length' }], usage: { completion_tokens: 2 } },
  },
  { ...chat, name: 'no token at all', given: { model: 'auto', messages, max_tokens: 0 }, error: refusal('max_tokens') },
  {
    ...chat,
    name: 'JSON',
    given: { model: 'auto', messages, response_format: { type: 'json_object' } },
    answer: { choices: [{ message: { content: '{"fruit":"any"}' } }] },
  },
  {
    ...chat,
    name: 'JSON of a schema',
    given: { model: 'auto', messages, response_format: { type: 'json_schema', json_schema: { name: 'fruit', strict: true, schema } } },
    answer: { choices: [{ message: { content: '{"fruit":"apple"}' } }] },
  },
  {
    ...chat,
    name: 'a schema that is missing',
    given: { model: 'auto', messages, response_format: { type: 'json_schema', json_schema: { name: 'fruit' } } },
    error: refusal('response_format'),
  },
  {
    ...chat,
    name: 'a stream',
    given: { model: 'auto', messages, stream: true, stream_options: { include_usage: true } },
    answer: expect.arrayContaining([
      chunk({ role: 'assistant' }),
      chunk({ content: expect.stringMatching(/^Good /) }),
      chunk({}, 'stop'),
      expect.objectContaining({ choices: [], usage: expect.objectContaining(usage) }),
    ]),
  },
  {
    ...chat,
    name: 'a stream that fails in its middle',
    given: { model: 'failing', messages, stream: true },
    error: expect.objectContaining({ code: 'invalid-input' }),
  },
  {
    ...chat,
    name: 'a name that the owner mapped',
    given: { model: 'gpt-4o', messages },
    answer: { model: 'gpt-4o', choices: [{ message: { content: 'Good morning.' } }] },
  },
  {
    ...chat,
    name: 'a name that nobody knows',
    given: { model: 'gpt-unknown', messages, stream: true },
    error: expect.objectContaining({ status: 404, code: 'unknown-model' }),
  },
  { ...chat, name: 'no message', given: { model: 'auto', messages: [] }, error: refusal('messages') },
  {
    ...chat,
    name: 'a picture in a chat',
    given: { model: 'auto', messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA==', detail: 'low' } }] }] },
    error: refusal('messages.0.content'),
  },
  {
    ...completion,
    name: 'a text that is continued',
    given: { model: 'auto', prompt: 'Good', max_tokens: 8, temperature: 0, top_p: 1, stop: 'END', seed: 3 },
    answer: { object: 'text_completion', choices: [{ index: 0, text: ' morning.', finish_reason: 'stop' }], usage },
  },
  {
    ...completion,
    name: 'two texts, two answers each',
    given: { model: 'auto', prompt: ['Good', 'Bad'], n: 2 },
    answer: { choices: [{ index: 0 }, { index: 1 }, { index: 2 }, { index: 3 }], usage: { prompt_tokens: 18, completion_tokens: 12 } },
  },
  { ...completion, name: 'a list of tokens', given: { model: 'auto', prompt: [1, 2, 3] }, error: refusal('prompt') },
  {
    ...completion,
    name: 'a stream of a text',
    given: { model: 'auto', prompt: 'Good', stream: true, stream_options: { include_usage: true } },
    answer: expect.arrayContaining([
      expect.objectContaining({ choices: [expect.objectContaining({ text: '', finish_reason: 'stop' })] }),
      expect.objectContaining({ choices: [], usage: expect.objectContaining(usage) }),
    ]),
  },
  {
    ...response,
    name: 'a response',
    given: { model: 'auto', input: 'Greet me.', instructions: 'Be short.', max_output_tokens: 32, temperature: 0, top_p: 0.9 },
    answer: {
      object: 'response',
      status: 'completed',
      instructions: 'Be short.',
      output: [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Good morning.' }] }],
      usage: { input_tokens: 9, output_tokens: 3, total_tokens: 12 },
    },
  },
  {
    ...response,
    name: 'a response that is cut',
    given: { model: 'auto', input: [{ role: 'user', content: 'Greet me.' }], max_output_tokens: 2 },
    answer: { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
  },
  {
    ...response,
    name: 'a response of a schema',
    given: { model: 'auto', input: 'Name a fruit.', text: { format: { type: 'json_schema', name: 'fruit', schema } } },
    answer: { output: [{ content: [{ text: '{"fruit":"apple"}' }] }] },
  },
  {
    ...response,
    name: 'a stream of a response',
    given: { model: 'auto', input: 'Greet me.', stream: true },
    answer: expect.arrayContaining([
      expect.objectContaining({ type: 'response.created', sequence_number: 0 }),
      expect.objectContaining({ type: 'response.output_text.delta', delta: expect.stringMatching(/^Good /) }),
      expect.objectContaining({ type: 'response.output_text.done', text: 'Good morning.' }),
      expect.objectContaining({ type: 'response.completed', response: expect.objectContaining({ status: 'completed' }) }),
    ]),
  },
];

const b64 = (start: string) => expect.stringMatching(new RegExp(`^${start}`));
const generate = { call: methods['POST /v1/images/generations'] };
const pictures: readonly ClientCase[] = [
  {
    ...generate,
    name: 'two pictures with our own settings',
    given: { model: 'painter', prompt: 'a red apple', n: 2, size: '1024x1024', response_format: 'b64_json' },
    beyond: { seed: 4, steps: 3, guidance_scale: 2, negative_prompt: 'blue' },
    answer: { size: '1024x1024', data: [{ b64_json: b64('iVBOR') }, { b64_json: b64('iVBOR') }] },
  },
  {
    ...generate,
    name: 'a JPEG',
    given: { prompt: 'a red apple', output_format: 'jpeg', output_compression: 60, response_format: 'b64_json' },
    answer: { output_format: 'jpeg', data: [{ b64_json: b64('/9j/') }] },
  },
  { ...generate, name: 'an address', given: { prompt: 'a red apple', size: 'auto' }, answer: { data: [{ url: expect.stringContaining('/api/outputs/') }] } },
  { ...generate, name: 'a size that nobody has', given: { prompt: 'a red apple', size: '16x16' }, error: refusal('size.width') },
  {
    call: methods['POST /v1/images/edits'],
    name: 'a hole of a mask',
    given: {
      model: 'painter',
      image: picture,
      mask: { file: 'hole.png' },
      prompt: 'a red apple',
      n: 2,
      size: '256x256',
      response_format: 'b64_json',
      output_format: 'webp',
      output_compression: 80,
    },
    beyond: { seed: 4, steps: 3, guidance_scale: 2, negative_prompt: 'blue', strength: 0.7 },
    answer: { size: '256x256', data: [{ b64_json: b64('UklGR') }, { b64_json: b64('UklGR') }] },
  },
  {
    call: methods['POST /v1/images/edits'],
    name: 'a list of one picture',
    given: { image: [picture], prompt: 'a red apple' },
    answer: { data: [{ url: expect.any(String) }] },
  },
  { call: methods['POST /v1/images/edits'], name: 'several pictures', given: { image: [picture, picture], prompt: 'a red apple' }, error: refusal('image') },
  {
    call: methods['POST /v1/images/edits'],
    name: 'a mask that is no picture',
    given: { image: picture, mask: { file: 'words.png' }, prompt: 'a red apple' },
    error: expect.objectContaining({ status: 415 }),
  },
  {
    call: methods['POST /v1/images/variations'],
    name: 'variations',
    given: { model: 'painter', image: picture, n: 2, size: '256x256', response_format: 'b64_json' },
    beyond: { seed: 4, strength: 0.3, prompt: 'an apple' },
    answer: { data: [{ b64_json: b64('iVBOR') }, { b64_json: b64('iVBOR') }] },
  },
];

const others: readonly ClientCase[] = [
  {
    name: 'the models',
    call: 'models.list',
    answer: {
      data: expect.arrayContaining([
        expect.objectContaining({ id: 'auto' }),
        expect.objectContaining({ id: 'writer' }),
        expect.objectContaining({ id: 'gpt-4o' }),
      ]),
    },
  },
  { name: 'one model', call: 'models.retrieve', words: ['painter'], answer: { id: 'painter', object: 'model' } },
  { name: 'no model', call: 'models.retrieve', words: ['dall-e-3'], error: refusal(null, 404) },
  { name: 'embeddings', call: 'embeddings.create', given: { model: 'auto', input: 'x' }, error: refusal(null, 404) },
  { name: 'a voice', call: 'audio.speech.create', given: { model: 'tts-1', input: 'x', voice: 'alloy' }, error: refusal(null, 404) },
  { name: 'moderation', call: 'moderations.create', given: { input: 'x' }, error: refusal(null, 404) },
];

const routes = Object.entries(fields) as [KnownRoute, Readonly<Record<string, Field>>][];
const namesBy = (known: Readonly<Record<string, Field>>, rule: Field['rule']) => Object.keys(known).filter((name) => known[name]?.rule === rule);

/** Every field of the table that is refused, with a value that asks for something. */
const refused = routes.flatMap(([route, known]) =>
  namesBy(known, 'refused').map(
    (name): ClientCase => ({
      name: `${route} refuses ${name}`,
      call: methods[route],
      given: least[route],
      beyond: { [name]: 'something' },
      error: refusal(name),
    }),
  ),
);

/** All that change nothing, at once. */
const ignored = routes.map(
  ([route, known]): ClientCase => ({
    name: `${route} does without what changes nothing`,
    call: methods[route],
    given: least[route],
    beyond: Object.fromEntries(namesBy(known, 'ignored').map((name) => [name, name === 'metadata' ? { for: 'you' } : 'something'])),
    answer: {},
  }),
);

export const clientCases: readonly ClientCase[] = [...texts, ...pictures, ...others, ...refused, ...ignored];

/** Fields of the table that no case sends. */
export function untriedFields(): string[] {
  return routes.flatMap(([route, known]) => {
    const cases = clientCases.filter(({ call }) => call === methods[route]);
    const sent = new Set(cases.flatMap(({ given = {}, beyond = {} }) => [...Object.keys(given), ...Object.keys(beyond)]));
    return Object.keys(known)
      .filter((name) => !sent.has(name))
      .map((name) => `${route} ${name}`);
  });
}
