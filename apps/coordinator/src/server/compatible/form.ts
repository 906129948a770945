import { AtelierError, checkTexts, type UploadView } from '@atelier/protocol';
import type { Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { Person } from '../identity/caller.ts';
import type { Services } from '../services.ts';
import { FieldError } from './fields.ts';

/** OpenAI's own bound for a file sent in one piece; longer ones come by a resumable upload. */
const mostBytes = 25 * 1024 ** 2;

export interface Form<Needed extends string, Optional extends string> {
  /** Fields that are no files, by name. */
  readonly fields: Record<string, unknown>;
  readonly files: Readonly<Record<Needed, File> & Partial<Record<Optional, File>>>;
}

/**
 * Reads a multipart form with files. A name may end in `[]`, as OpenAI's clients write lists; lists of several files are refused.
 * @throws AtelierError `too-large`, `invalid-input`; FieldError for a file that is missing or not expected
 */
export async function readForm<Needed extends string, Optional extends string = never>(
  context: Context,
  { needed, optional = [] }: { needed: readonly Needed[]; optional?: readonly Optional[] },
): Promise<Form<Needed, Optional>> {
  const tooLarge = () => {
    throw new AtelierError('too-large', `Files in one piece may have ${mostBytes} bytes together.`, { hint: 'Upload them at /api/uploads and run a chain.' });
  };
  await bodyLimit({ maxSize: mostBytes + 64 * 1024, onError: tooLarge })(context, async () => undefined);
  const form = await context.req.raw.formData().catch((cause) => {
    throw new AtelierError('invalid-input', 'The body is not a multipart form.', { cause });
  });
  const fields = entriesOf(form);
  const files: Record<string, File> = {};
  for (const name of [...needed, ...optional]) {
    const file = fields[name];
    delete fields[name];
    if (file instanceof File) files[name] = file;
    else if (file !== undefined || needed.includes(name as Needed)) throw missingFile(name);
  }
  const stray = Object.entries(fields).find(([, value]) => value instanceof File);
  if (stray) throw new FieldError(stray[0], `No file "${stray[0]}" is expected here.`);
  checkTexts(fields);
  return { fields, files: files as Form<Needed, Optional>['files'] };
}

function missingFile(name: string): FieldError {
  return new FieldError(name, `The form has no file "${name}".`, `Send it as the field "${name}".`);
}

function entriesOf(form: FormData): Record<string, unknown> {
  const given: Record<string, unknown> = Object.create(null);
  for (const [written, value] of form.entries()) {
    const name = written.replace(/\[\]$/, '');
    if (Object.hasOwn(given, name)) throw new FieldError(name, `"${name}" was given several times; one is taken.`, 'Send one.');
    given[name] = value;
  }
  return given;
}

/** Makes a file an input of a step: an output of its sender's, which the gallery does not list. @throws AtelierError why it was refused */
export async function takeFile({ uploads }: Services, person: Person, file: File): Promise<UploadView> {
  return (await uploads.take(person, file, { listed: false })).view;
}
