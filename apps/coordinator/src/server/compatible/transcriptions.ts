import { AtelierError, type TranscriptSegment, TranscriptSegments } from '@atelier/protocol';
import type { Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import type { Person } from '../identity/caller.ts';
import type { Services } from '../services.ts';
import { outputBytes, outputText, runSingleStep, type SingleStepResult } from './single-step.ts';
import { transcriptionAnswer } from './transcription-answer.ts';

/** OpenAI's own bound for a recording sent in one piece; longer ones come by a resumable upload. */
const mostBytes = 25 * 1024 ** 2;

const formats = ['json', 'text', 'srt', 'verbose_json', 'vtt'] as const;
const fieldNames = ['file', 'model', 'language', 'prompt', 'response_format', 'temperature', 'timestamp_granularities'] as const;

const Fields = z.object({
  model: z.string().max(200),
  language: z
    .string()
    .regex(/^[a-z]{2,3}$/, 'an ISO 639 code such as en; leave it out where you do not know it')
    .optional(),
  prompt: z.string().max(1000, 'at most 1,000 characters').optional(),
  response_format: z.enum(formats, `one of ${formats.join(', ')}`).default('json'),
  temperature: z.coerce.number('a number from 0 to 1').min(0, 'from 0 to 1').max(1, 'from 0 to 1').optional(),
  timestamp_granularities: z.array(z.enum(['segment', 'word'], 'segment or word')).optional(),
});
type Fields = z.infer<typeof Fields>;

/** `POST /v1/audio/transcriptions`, multipart. */
export async function transcribe(services: Services, person: Person, context: Context): Promise<Response> {
  const { file, fields } = await readForm(context);
  const { view, seconds } = await services.uploads.take(person, file, { listed: true });
  const { language, prompt, temperature } = fields;
  const step = {
    task: 'automatic-speech-recognition',
    model: fields.model,
    parameters: { language, prompt, temperature },
    inputs: { audio: { outputId: view.outputId } },
  };
  const result = await runSingleStep(services, person, step, { signal: context.req.raw.signal });
  const transcription = {
    text: (await outputText(services, result)).trim(),
    segments: await readSegments(services, result),
    seconds: seconds ?? 0,
    language: language ?? (await onlyLanguage(services, result)),
  };
  return transcriptionAnswer(transcription, { format: fields.response_format, granularities: fields.timestamp_granularities ?? ['segment'] });
}

async function readSegments(services: Services, { outputs }: SingleStepResult): Promise<TranscriptSegment[] | undefined> {
  const output = outputs.find(({ port }) => port === 'segments');
  return output && TranscriptSegments.parse(JSON.parse((await outputBytes(services, output)).toString('utf8')));
}

/** The language of a model that knows no other: what it says of silence, too. */
async function onlyLanguage({ core }: Services, { outputs }: SingleStepResult): Promise<string | undefined> {
  const id = outputs[0]?.recipe.modelId;
  const languages = (await core.edges.models()).find(({ manifest }) => manifest.id === id)?.manifest.options.languages;
  return Array.isArray(languages) && languages.length === 1 ? String(languages[0]) : undefined;
}

async function readForm(context: Context): Promise<{ file: File; fields: Fields }> {
  const tooLarge = () => {
    throw new AtelierError('too-large', `A recording in one piece may have ${mostBytes} bytes.`, { hint: 'Upload it at /api/uploads and run a chain.' });
  };
  await bodyLimit({ maxSize: mostBytes + 64 * 1024, onError: tooLarge })(context, async () => undefined);
  const form = await context.req.raw.formData().catch((cause) => {
    throw new AtelierError('invalid-input', 'The body is not a multipart form.', { cause });
  });
  const file = form.get('file');
  if (!(file instanceof File)) throw new AtelierError('invalid-input', 'The form has no file.', { hint: 'Send the recording as the field "file".' });
  return { file, fields: readFields(form) };
}

/** Nothing is passed over in silence: a field that means nothing here is refused by name. */
function readFields(form: FormData): Fields {
  const known: readonly string[] = fieldNames;
  const unknown = [...form.keys()].map((name) => name.replace(/\[\]$/, '')).find((name) => !known.includes(name) && !isHarmless(name, form.get(name)));
  if (unknown !== undefined) {
    throw new AtelierError('invalid-input', `"${unknown}" is not known here.`, { hint: `A transcription takes ${fieldNames.join(', ')}.` });
  }
  const given = Object.fromEntries([...form.entries()].filter(([name, value]) => !name.endsWith('[]') && typeof value === 'string' && value !== ''));
  const granularities = [...form.getAll('timestamp_granularities[]'), ...form.getAll('timestamp_granularities')];
  const parsed = Fields.safeParse({ ...given, timestamp_granularities: granularities.length > 0 ? granularities : undefined });
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new AtelierError('invalid-input', `${issue?.path[0]?.toString()}: ${issue?.message}`);
  }
  if (parsed.data.timestamp_granularities && parsed.data.response_format !== 'verbose_json') {
    throw new AtelierError('invalid-input', 'timestamp_granularities[] goes with response_format verbose_json alone.');
  }
  return parsed.data;
}

/** Clients send it although it asks for nothing. */
const isHarmless = (name: string, value: unknown) => name === 'stream' && value === 'false';
