import type { ArtifactStore } from '@atelier/artifacts';
import { type Artifact, type Dimensions, modalityOf, newId, type OutputId, type UploadView } from '@atelier/protocol';
import { type Database, schema } from '@atelier/store';
import type { Viewer } from '../contracts/index.ts';
import { checkHeld } from './held.ts';
import { recordHere } from './record-here.ts';

/** How bytes become an output without a run. */
export interface UploadRecord {
  readonly name: string | null;
  /** Whether the gallery shows it by itself; a question that a program sends along it does not. */
  readonly listed: boolean;
  /** Of a recording or an image that was read to its end. */
  readonly dimensions?: Dimensions | undefined;
  /** Writes what belongs to it in the same transaction: both are kept, or neither. */
  readonly within?: (tx: Pick<Database['db'], 'update'>, view: UploadView) => Promise<void>;
}

/** Makes stored bytes the viewer's own: an output without a run. */
export async function recordUpload(
  { database, artifacts }: { database: Database; artifacts: ArtifactStore },
  viewer: Viewer,
  artifact: Artifact,
  record: UploadRecord,
): Promise<UploadView> {
  const { hash, mediaType } = artifact;
  const { name, listed, dimensions } = record;
  const view = { ...artifact, outputId: newId<OutputId>(), name };
  await database.db.transaction(async (tx) => {
    // Its lock keeps a purge from taking the bytes away in between.
    await recordHere(tx, artifact);
    const modality = modalityOf(mediaType) ?? 'tensor';
    const caption = name?.normalize('NFC') ?? '';
    await tx.insert(schema.outputs).values({ id: view.outputId, userId: viewer.id, hash, mediaType, name, modality, listed, caption, dimensions });
    await record.within?.(tx, view);
    await checkHeld(artifacts, hash);
  });
  return view;
}
