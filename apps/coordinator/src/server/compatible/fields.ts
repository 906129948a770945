import { AtelierError, limits } from '@atelier/protocol';

/**
 * What happens to a field of a request. `taken`: it does what OpenAI says. `clamped`: it is brought to the nearest bound. `ignored`:
 * it changes nothing about the answer, and the answer's header `x-atelier-ignored` names it. `refused`: an error says so.
 */
export type FieldRule = 'taken' | 'clamped' | 'ignored' | 'refused';

export interface Field {
  readonly rule: FieldRule;
  /** For readers of docs/reference/openai.md and of the error. */
  readonly note: string;
  /** Values of a refused field that ask for nothing, and so pass. */
  readonly neutral?: readonly unknown[];
}

const taken = (note = ''): Field => ({ rule: 'taken', note });
const clamped = (note: string): Field => ({ rule: 'clamped', note });
const ignored = (note: string): Field => ({ rule: 'ignored', note });
const refused = (note: string, ...neutral: readonly unknown[]): Field => ({ rule: 'refused', note, neutral });

const bookkeeping = {
  user: ignored('the token says who asks'),
  metadata: ignored('nothing is kept by it'),
  store: ignored('answers stand in the list of runs in any case'),
  service_tier: ignored('there is one tier'),
  safety_identifier: ignored('the token says who asks'),
  prompt_cache_key: ignored('the result cache needs no key'),
};

const sampling = {
  model: taken('a model of `/v1/models`, a name that the owner maps, or `auto`; others are refused with the names that there are'),
  temperature: taken('0 to 2. Left out it is 0 for one answer, and 1 for several'),
  top_p: taken('over 0, up to 1'),
  stream: taken(),
};

const noPenalty = refused('no model here takes penalties', 0);
const noBias = refused('no model here takes a bias of tokens', '{}');
const noTools = refused('no model here calls tools; ask for JSON with `response_format` instead', '[]');

/** Every field of OpenAI's requests that programs are known to send, by route. Others are ignored, and named in the header. */
export const fields = {
  'POST /v1/chat/completions': {
    ...sampling,
    ...bookkeeping,
    messages: taken('roles system, developer, user and assistant; texts only. Images, sound, files and tool messages are refused'),
    max_tokens: clamped(`to ${limits.textTokens}, and to what the model keeps in mind; \`finish_reason\` is then \`length\`. Left out: 512`),
    max_completion_tokens: clamped('as max_tokens, before which it counts'),
    stop: taken('up to 4'),
    seed: taken('0 to 4294967295; answer number i has the seed plus i'),
    n: taken('1 to 10; each answer is a run of its own'),
    stream_options: taken('include_usage'),
    response_format: taken('text, json_object, and json_schema with its schema: the model is held to it by a grammar. Its name and `strict` change nothing'),
    tools: noTools,
    tool_choice: refused('no model here calls tools', 'none', 'auto'),
    parallel_tool_calls: ignored('no model here calls tools'),
    functions: noTools,
    function_call: refused('no model here calls functions', 'none', 'auto'),
    logprobs: refused('no model here tells probabilities', false),
    top_logprobs: refused('no model here tells probabilities', 0),
    logit_bias: noBias,
    presence_penalty: noPenalty,
    frequency_penalty: noPenalty,
    modalities: refused('answers are text', '["text"]'),
    audio: refused('answers are text'),
    prediction: ignored('it only makes OpenAI quicker'),
    reasoning_effort: ignored('no model here has such a setting'),
    verbosity: ignored('no model here has such a setting'),
    web_search_options: refused('nothing here searches the web'),
  },
  'POST /v1/completions': {
    ...sampling,
    user: bookkeeping.user,
    prompt: taken('a text or up to 10 texts; lists of tokens are refused'),
    max_tokens: clamped(`to ${limits.textTokens}, and to what the model keeps in mind. Left out: 16`),
    stop: taken('up to 4'),
    seed: taken('0 to 4294967295'),
    n: taken('1 to 10, together with the texts'),
    stream_options: taken('include_usage'),
    echo: refused('the prompt is not sent back', false),
    suffix: refused('no model here fills a gap', ''),
    best_of: refused('answers are not ranked', 1),
    logprobs: refused('no model here tells probabilities'),
    logit_bias: noBias,
    presence_penalty: noPenalty,
    frequency_penalty: noPenalty,
  },
  'POST /v1/responses': {
    ...sampling,
    ...bookkeeping,
    input: taken('a text, or a list of messages with text'),
    instructions: taken('stand before the messages'),
    max_output_tokens: clamped(`to ${limits.textTokens}, and to what the model keeps in mind; the status is then \`incomplete\`. Left out: 512`),
    text: taken('format: text, json_object, json_schema'),
    tools: noTools,
    tool_choice: refused('no model here calls tools', 'none', 'auto'),
    parallel_tool_calls: ignored('no model here calls tools'),
    max_tool_calls: ignored('no model here calls tools'),
    previous_response_id: refused('answers are not kept for that; send the messages again'),
    conversation: refused('conversations are not kept; send the messages again'),
    prompt: refused('prompts are not kept here; send the text'),
    background: refused('for that there are runs: POST /api/runs', false),
    include: refused('there is nothing more to include', '[]'),
    truncation: refused('messages are not left out by themselves', 'disabled', 'auto'),
    reasoning: ignored('no model here has such a setting'),
    stream_options: ignored('nothing is obfuscated'),
    top_logprobs: refused('no model here tells probabilities', 0),
  },
  'POST /v1/images/generations': {
    model: sampling.model,
    prompt: taken(),
    n: taken('1 to 10; each image is a run of its own'),
    size: taken(
      'WIDTHxHEIGHT or auto. A model draws at the size that it was trained for, in these proportions; the image is then enlarged or reduced, and cropped. `x-atelier-drawn-size` says how it was drawn',
    ),
    response_format: taken('url or b64_json; the address needs the same token'),
    output_format: taken('png, jpeg or webp'),
    output_compression: taken('0 to 100, for jpeg and webp'),
    quality: ignored('set `steps`'),
    style: ignored('say it in the prompt'),
    background: refused('images have no transparency', 'auto', 'opaque'),
    moderation: ignored('nothing is moderated'),
    partial_images: refused('previews come with the events of the run', 0),
    stream: refused('previews come with the events of the run', false),
    user: bookkeeping.user,
    seed: taken('ours: image number i has the seed plus i'),
    steps: taken('ours'),
    guidance_scale: taken('ours'),
    negative_prompt: taken('ours'),
  },
  'POST /v1/images/edits': {
    model: sampling.model,
    image: taken('one image; several are refused'),
    mask: taken(
      'where it is transparent, the image is drawn again, as OpenAI reads it; black and white masks: white is drawn again. Without one the whole image is',
    ),
    prompt: taken(),
    n: taken('1 to 10'),
    size: taken('as for generations; auto keeps the size of the result'),
    response_format: taken('url or b64_json'),
    output_format: taken('png, jpeg or webp'),
    output_compression: taken('0 to 100'),
    quality: ignored('set `steps`'),
    background: refused('images have no transparency', 'auto', 'opaque'),
    input_fidelity: ignored('set `strength`'),
    partial_images: refused('previews come with the events of the run', '0', 0),
    stream: refused('previews come with the events of the run', 'false', false),
    user: bookkeeping.user,
    seed: taken('ours'),
    steps: taken('ours'),
    guidance_scale: taken('ours'),
    negative_prompt: taken('ours'),
    strength: taken('ours: how far it may move away from the image, 0.01 to 1'),
  },
  'POST /v1/images/variations': {
    model: sampling.model,
    image: taken(),
    n: taken('1 to 10'),
    size: taken('as for generations'),
    response_format: taken('url or b64_json'),
    user: bookkeeping.user,
    seed: taken('ours'),
    strength: taken('ours'),
    prompt: taken('ours: what it shows, which helps'),
  },
} as const satisfies Record<string, Record<string, Field>>;

export type KnownRoute = keyof typeof fields;

/** An error about one field, whose name OpenAI's clients find in `param`. */
export class FieldError extends AtelierError {
  readonly param: string;

  constructor(param: string, message: string, hint?: string) {
    super('invalid-input', message, { hint });
    this.param = param;
  }
}

/**
 * Holds a request to the table of its route.
 * @returns the names of fields that were given and change nothing
 * @throws FieldError for one that asks for what is not done here
 */
export function checkFields(route: KnownRoute, request: Readonly<Record<string, unknown>>): string[] {
  const known: Readonly<Record<string, Field>> = fields[route];
  const without: string[] = [];
  for (const [name, value] of Object.entries(request)) {
    if (value === null || value === undefined) continue;
    const field = Object.hasOwn(known, name) ? known[name] : undefined;
    if (field === undefined || field.rule === 'ignored') without.push(name);
    else if (field.rule === 'refused' && !isNeutral(field, value)) {
      throw new FieldError(name, `"${name}" is not supported: ${field.note}.`, 'Leave it out.');
    }
  }
  return without;
}

function isNeutral({ neutral = [] }: Field, value: unknown): boolean {
  const plain = typeof value === 'object' ? JSON.stringify(value) : value;
  return neutral.includes(plain);
}

/** Tells which fields changed nothing. Names come from outside, so only those that a header may hold are told. */
export function ignoredHeader(without: readonly string[]): Record<string, string> {
  const names = without.filter((name) => /^[\w.[\]-]{1,60}$/.test(name)).slice(0, 40);
  return names.length === 0 ? {} : { 'x-atelier-ignored': names.join(', ') };
}

/** docs/reference/openai.md. */
export function fieldsReference(): string {
  const tables = Object.entries(fields).map(([route, known]) => {
    const rows = Object.entries<Field>(known).map(([name, field]) => `| \`${name}\` | ${field.rule} | ${field.note}${allowed(field)} |`);
    return `## ${route}\n\n| field | | |\n|---|---|---|\n${rows.join('\n')}\n`;
  });
  return `# What the OpenAI-compatible endpoints take\n\nGenerated from apps/coordinator/src/server/compatible/fields.ts. Fields that are not named here are ignored; the header \`x-atelier-ignored\` of the answer names them.\n\n${tables.join('\n')}`;
}

function allowed({ rule, neutral = [] }: Field): string {
  if (rule !== 'refused' || neutral.length === 0) return '';
  return `; ${[...new Set(neutral.map((value) => `\`${value}\``))].join(' and ')} may be given`;
}
