import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AtelierError } from '@atelier/protocol';
import type { Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import type { Person } from '../identity/caller.ts';
import type { Services } from '../services.ts';
import { outputText, runSingleStep } from './single-step.ts';

/** OpenAI's own bound for a recording sent in one piece; longer ones come by a resumable upload. */
const mostBytes = 25 * 1024 ** 2;

const Fields = z.object({
  model: z.string().max(200),
  language: z.string().max(10).optional(),
  response_format: z.enum(['json', 'text', 'verbose_json'], 'only json, text and verbose_json are known here').default('json'),
});

/** `POST /v1/audio/transcriptions`, multipart. */
export async function transcribe(services: Services, person: Person, context: Context): Promise<Response> {
  const { file, fields } = await readForm(context);
  const { view, seconds } = await takeFile(services, person, file);
  const step = {
    task: 'automatic-speech-recognition',
    model: fields.model,
    parameters: { language: fields.language },
    input: { outputId: view.outputId },
  };
  const text = (await outputText(services, await runSingleStep(services, person, step, { signal: context.req.raw.signal }))).trim();
  if (fields.response_format === 'text') return new Response(`${text}\n`, { headers: { 'content-type': 'text/plain; charset=utf-8' } });
  if (fields.response_format === 'json') return Response.json({ text });
  return Response.json({ task: 'transcribe', language: fields.language ?? 'unknown', duration: seconds ?? 0, text, segments: [] });
}

async function readForm(context: Context): Promise<{ file: File; fields: z.infer<typeof Fields> }> {
  const tooLarge = () => {
    throw new AtelierError('too-large', `A recording in one piece may have ${mostBytes} bytes.`, { hint: 'Upload it at /api/uploads and run a chain.' });
  };
  await bodyLimit({ maxSize: mostBytes + 64 * 1024, onError: tooLarge })(context, async () => undefined);
  const form = await context.req.raw.formData().catch((cause) => {
    throw new AtelierError('invalid-input', 'The body is not a multipart form.', { cause });
  });
  const file = form.get('file');
  if (!(file instanceof File)) throw new AtelierError('invalid-input', 'The form has no file.', { hint: 'Send the recording as the field "file".' });
  const given = Object.fromEntries([...form.entries()].filter(([name, value]) => name in Fields.shape && typeof value === 'string'));
  const parsed = Fields.safeParse(given);
  if (parsed.success) return { file, fields: parsed.data };
  const issue = parsed.error.issues[0];
  throw new AtelierError('invalid-input', `${issue?.path.join('.')}: ${issue?.message}`);
}

async function takeFile({ uploads, dataFolder }: Services, person: Person, file: File) {
  const folder = join(dataFolder, 'tmp');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, randomUUID());
  try {
    await writeFile(path, file.stream());
    return await uploads.take(person, path, file.name.slice(0, 200) || null);
  } finally {
    await rm(path, { force: true });
  }
}
