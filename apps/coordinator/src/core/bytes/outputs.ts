import { type Artifact, type Dimensions, downloadName, type OutputId } from '@atelier/protocol';
import { type Database, schema } from '@atelier/store';
import { eq } from 'drizzle-orm';
import { maySee, notFound, type Viewer } from '../contracts/index.ts';

/** An artifact that the asker may read, with a file's name for it. */
export interface ReadableOutput extends Artifact {
  readonly name: string;
}

/** An output with where its bytes are: edges, or `coordinator`. */
export interface FoundOutput extends ReadableOutput {
  readonly at: string[];
  /** The name that its person gave it. */
  readonly ownName: string | null;
  readonly dimensions: Dimensions | undefined;
}

/** An output that the viewer may read, and where its bytes are. @throws AtelierError `not-found` */
export async function findOutput(database: Database, viewer: Viewer, outputId: OutputId): Promise<FoundOutput> {
  const { outputs, artifacts, replicas } = schema;
  const [rows, places] = await Promise.all([
    database.db.select().from(outputs).innerJoin(artifacts, eq(artifacts.hash, outputs.hash)).where(eq(outputs.id, outputId)),
    database.db.select({ place: replicas.place }).from(replicas).innerJoin(outputs, eq(outputs.hash, replicas.hash)).where(eq(outputs.id, outputId)),
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
