import { Readable } from 'node:stream';
import { holdsSound } from '@atelier/artifacts';
import { type Artifact, AtelierError, modalityOf, type NewRun, newId, type OutputId, type ResolvedChain, type UploadView } from '@atelier/protocol';
import { schema } from '@atelier/store';
import { eq } from 'drizzle-orm';
import { checkModality, textArtifact, writtenTexts } from './chain-request.ts';
import type { CoreContext } from './context.ts';
import type { ReadableOutput, Viewer } from './core.ts';
import { maySee, notFound } from './views.ts';

/** A value of a chain's input: bytes that are stored, and the output through which its owner may read them. */
export interface RunInput extends Artifact {
  readonly name: string;
  readonly outputId: OutputId;
  readonly text: string | null;
  /** Where the bytes are; what was written just now is with the coordinator. */
  readonly at: string[];
  /** The output has to be made together with the run. */
  readonly isNew: boolean;
}

/** Brings a run's inputs into the store, texts as files. @throws AtelierError `not-found`, `modality-mismatch`, `too-large`, `disk-full` */
export async function prepareInputs(context: CoreContext, viewer: Viewer, chain: ResolvedChain, given: NewRun['inputs']): Promise<RunInput[]> {
  await storeWritten(context, chain);
  const inputs: RunInput[] = [];
  for (const [name, value] of Object.entries(given)) {
    if ('text' in value) {
      checkModality(chain, name, 'text/plain');
      inputs.push({ ...(await storeText(context, value.text)), name, outputId: newId(), text: value.text, at: ['coordinator'], isNew: true });
    } else {
      const output = await findOutput(context, viewer, value.outputId);
      checkModality(chain, name, output.mediaType);
      const { hash, mediaType, sizeBytes, at } = output;
      inputs.push({ hash, mediaType, sizeBytes, name, outputId: value.outputId, text: null, at, isNew: false });
    }
  }
  return inputs;
}

/** Brings the texts that stand in a chain itself into the store. */
export async function storeWritten(context: CoreContext, chain: ResolvedChain): Promise<void> {
  for (const text of writtenTexts(chain)) await storeText(context, text);
}

async function storeText(context: CoreContext, text: string): Promise<Artifact> {
  const { bytes, ...artifact } = textArtifact(text);
  if (!(await holdsSound(context.artifacts, artifact.hash))) await context.artifacts.put(Readable.from([bytes]), { expectedHash: artifact.hash });
  await recordArtifact(context, artifact, 'coordinator');
  await checkHeld(context, artifact.hash);
  return artifact;
}

/** Notes that bytes exist and where. */
async function recordArtifact(context: CoreContext, artifact: Pick<Artifact, 'hash' | 'sizeBytes'>, place: string): Promise<void> {
  await context.database.pool.query({
    name: 'record-artifact',
    text: `WITH made AS (INSERT INTO artifacts (hash, size_bytes) VALUES ($1, $2) ON CONFLICT DO NOTHING)
      INSERT INTO replicas (hash, place) VALUES ($1, $3) ON CONFLICT DO NOTHING`,
    values: [artifact.hash, artifact.sizeBytes, place],
  });
}

export async function recordUpload(context: CoreContext, viewer: Viewer, artifact: Artifact, name: string | null): Promise<UploadView> {
  await recordArtifact(context, artifact, 'coordinator');
  const outputId = newId<OutputId>();
  const modality = modalityOf(artifact.mediaType) ?? 'tensor';
  await context.database.db
    .insert(schema.outputs)
    .values({ id: outputId, userId: viewer.id, hash: artifact.hash, mediaType: artifact.mediaType, name, modality, listed: true, caption: name ?? '' });
  await checkHeld(context, artifact.hash);
  return { ...artifact, outputId, name };
}

/** From here on a purge sees that the bytes are needed; one that ended just before has taken them away. @throws AtelierError `unavailable` */
async function checkHeld(context: CoreContext, hash: string): Promise<void> {
  if (await context.artifacts.has(hash)) return;
  throw new AtelierError('unavailable', 'The same bytes were being deleted at this moment.', { hint: 'Send them again.' });
}

/** An output that the viewer may read, and where its bytes are. @throws AtelierError `not-found` */
export async function findOutput(context: CoreContext, viewer: Viewer, outputId: OutputId): Promise<ReadableOutput & { at: string[] }> {
  const { outputs, artifacts, replicas } = schema;
  const [rows, places] = await Promise.all([
    context.database.db.select().from(outputs).innerJoin(artifacts, eq(artifacts.hash, outputs.hash)).where(eq(outputs.id, outputId)),
    context.database.db.select({ place: replicas.place }).from(replicas).innerJoin(outputs, eq(outputs.hash, replicas.hash)).where(eq(outputs.id, outputId)),
  ]);
  const row = rows[0];
  if (!row || !maySee(viewer, row.outputs.userId) || row.outputs.deletedAt !== null) throw notFound('output');
  const { hash, mediaType } = row.outputs;
  return { hash, mediaType, sizeBytes: row.artifacts.sizeBytes, name: fileName(row.outputs), at: places.map(({ place }) => place) };
}

/** A file's name for an output: its own, or after the step that made it. */
export function fileName({ name, stepId, port, mediaType }: Pick<typeof schema.outputs.$inferSelect, 'name' | 'stepId' | 'port' | 'mediaType'>): string {
  return name ?? `${stepId ?? port ?? 'input'}.${extensionOf(mediaType)}`;
}

const extensions: Readonly<Record<string, string>> = {
  'text/plain': 'txt',
  'audio/mpeg': 'mp3',
  'audio/wav': 'wav',
  'audio/x-wav': 'wav',
  'image/jpeg': 'jpg',
  'image/svg+xml': 'svg',
  'application/octet-stream': 'bin',
};

/** The ending of a file's name, by its media type. */
export function extensionOf(mediaType: string): string {
  const bare = (mediaType.split(';')[0] as string).trim();
  return extensions[bare] ?? bare.split('/')[1]?.replace(/^x-/, '') ?? 'bin';
}
