import { Readable } from 'node:stream';
import { holdsSound } from '@atelier/artifacts';
import type { ExistingData, Place } from '@atelier/planner';
import {
  type Artifact,
  AtelierError,
  type Dimensions,
  downloadName,
  modalityOf,
  type NewRun,
  newId,
  type OutputId,
  type PlanRequest,
  type ResolvedChain,
  type UploadView,
} from '@atelier/protocol';
import { schema } from '@atelier/store';
import { eq } from 'drizzle-orm';
import { byChainNames, checkModality, textArtifact, writtenTexts } from './chain-request.ts';
import { recordHere } from './claims/index.ts';
import type { CoreContext } from './context.ts';
import type { ReadableOutput, UploadRecord, Viewer } from './core.ts';
import { maySee, notFound } from './views.ts';

/** A value of a chain's input: bytes that are stored, and the output through which its owner may read them. */
export interface RunInput extends Artifact {
  readonly name: string;
  readonly outputId: OutputId;
  readonly text: string | null;
  /** Of an uploaded file. */
  readonly fileName: string | null;
  /** Where the bytes are; what was written just now is with the coordinator. */
  readonly at: string[];
  /** Of a recording or an image, where they are known. */
  readonly dimensions: Dimensions | undefined;
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
      inputs.push({
        ...(await storeText(context, value.text)),
        name,
        outputId: newId(),
        text: value.text,
        fileName: null,
        at: ['coordinator'],
        dimensions: undefined,
        isNew: true,
      });
    } else {
      const output = await findOutput(context, viewer, value.outputId);
      checkModality(chain, name, output.mediaType);
      const { hash, mediaType, sizeBytes, at, dimensions } = output;
      inputs.push({ hash, mediaType, sizeBytes, name, outputId: value.outputId, text: null, fileName: output.ownName, at, dimensions, isNew: false });
    }
  }
  return inputs;
}

/** What is known of a chain's inputs before there is a run. What was given and is gone counts as unknown, so that the plan of a draft stays. */
export async function plannedInputs(
  context: CoreContext,
  viewer: Viewer,
  chain: ResolvedChain,
  { inputs, inputBytes }: PlanRequest,
): Promise<Record<string, ExistingData>> {
  const known: Record<string, ExistingData> = Object.fromEntries(
    Object.entries(byChainNames(chain, inputBytes)).map(([name, bytes]) => [name, { bytes, at: [] }]),
  );
  for (const [name, value] of Object.entries(byChainNames(chain, inputs))) {
    // A draft may still hold what its chain no longer reads.
    if (!Object.hasOwn(chain.inputs, name)) continue;
    if ('text' in value) known[name] = { bytes: Buffer.byteLength(value.text), at: [] };
    else {
      const found = await findOutput(context, viewer, value.outputId).catch(unlessMissing);
      if (found) known[name] = { bytes: found.sizeBytes, at: found.at as Place[], dimensions: found.dimensions };
    }
  }
  return known;
}

function unlessMissing(thrown: unknown): undefined {
  if (!(thrown instanceof AtelierError) || thrown.code !== 'not-found') throw thrown;
}

/** Brings the texts that stand in a chain itself into the store. */
export async function storeWritten(context: CoreContext, chain: ResolvedChain): Promise<void> {
  for (const text of writtenTexts(chain)) await storeText(context, text);
}

async function storeText(context: CoreContext, text: string): Promise<Artifact> {
  const { bytes, ...artifact } = textArtifact(text);
  if (!(await holdsSound(context.artifacts, artifact.hash))) await context.artifacts.put(Readable.from([bytes]), { expectedHash: artifact.hash });
  await recordHere(context.database.db, artifact);
  await checkHeld(context, artifact.hash);
  return artifact;
}

export async function recordUpload(context: CoreContext, viewer: Viewer, artifact: Artifact, record: UploadRecord): Promise<UploadView> {
  const { hash, mediaType } = artifact;
  const { name, listed, dimensions } = record;
  const view = { ...artifact, outputId: newId<OutputId>(), name };
  await context.database.db.transaction(async (tx) => {
    // Its lock keeps a purge from taking the bytes away in between.
    await recordHere(tx, artifact);
    const modality = modalityOf(mediaType) ?? 'tensor';
    const caption = name?.normalize('NFC') ?? '';
    await tx.insert(schema.outputs).values({ id: view.outputId, userId: viewer.id, hash, mediaType, name, modality, listed, caption, dimensions });
    await record.within?.(tx, view);
    await checkHeld(context, hash);
  });
  return view;
}

/** From here on a purge sees that the bytes are needed; one that ended just before has taken them away. @throws AtelierError `unavailable` */
async function checkHeld(context: CoreContext, hash: string): Promise<void> {
  if (await context.artifacts.has(hash)) return;
  throw new AtelierError('unavailable', 'The same bytes were being deleted at this moment.', { hint: 'Send them again.' });
}

interface FoundOutput extends ReadableOutput {
  readonly at: string[];
  readonly ownName: string | null;
  readonly dimensions: Dimensions | undefined;
}

/** An output that the viewer may read, and where its bytes are. @throws AtelierError `not-found` */
export async function findOutput(context: CoreContext, viewer: Viewer, outputId: OutputId): Promise<FoundOutput> {
  const { outputs, artifacts, replicas } = schema;
  const [rows, places] = await Promise.all([
    context.database.db.select().from(outputs).innerJoin(artifacts, eq(artifacts.hash, outputs.hash)).where(eq(outputs.id, outputId)),
    context.database.db.select({ place: replicas.place }).from(replicas).innerJoin(outputs, eq(outputs.hash, replicas.hash)).where(eq(outputs.id, outputId)),
  ]);
  const row = rows[0];
  if (!row || !maySee(viewer, row.outputs.userId) || row.outputs.deletedAt !== null) throw notFound('output');
  const { hash, mediaType, name: ownName, dimensions } = row.outputs;
  const at = places.map(({ place }) => place);
  return { hash, mediaType, sizeBytes: row.artifacts.sizeBytes, name: fileName(row.outputs), ownName, at, dimensions: dimensions ?? undefined };
}

/** A file's name for an output: its own, or by what it shows, else after the step that made it. */
export function fileName({ id, name, caption, stepId, port, mediaType }: FileNamed): string {
  return name ?? downloadName(caption || (stepId ?? port ?? 'input'), id, extensionOf(mediaType));
}

type FileNamed = Pick<typeof schema.outputs.$inferSelect, 'id' | 'name' | 'caption' | 'stepId' | 'port' | 'mediaType'>;

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
