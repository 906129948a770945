import { isAbsolute, join } from 'node:path';
import { type ArtifactStore, diskReserve, folderStore, readS3Settings, s3Store } from '@atelier/artifacts';
import { newId } from '@atelier/protocol';
import { type Database, schema } from '@atelier/store';

/** Where this installation keeps its artifacts. */
export interface Storage {
  readonly artifacts: ArtifactStore;
  /** In words, without secrets. */
  readonly place: string;
  /** @throws AtelierError why nothing can be kept there now */
  check(): Promise<void>;
}

export interface StorageOptions {
  /** `s3://bucket/prefix`, or the whole path of a folder that coordinators share; undefined for the data folder. */
  readonly storage: string | undefined;
  /** The data folder's own name: what is being written to a shared folder lies apart under it. */
  readonly home: string;
  readonly dataFolder: string;
  readonly database: Database;
  /** Bytes that stay free on the disk of the folder; undefined for the usual reserve. */
  readonly diskReserveBytes: number | undefined;
}

/** @throws AtelierError `invalid-input` for an address that is none, or where keys are missing; `unavailable` if a bucket does not answer */
export async function openStorage({ storage, dataFolder, database, diskReserveBytes, home }: StorageOptions): Promise<Storage> {
  if (storage === undefined || storage === '') {
    const folder = join(dataFolder, 'artifacts');
    return { artifacts: await folderStore(folder, { reserve: diskReserve(folder, diskReserveBytes) }), place: folder, check: async () => undefined };
  }
  if (isAbsolute(storage)) {
    // Several installations may share a folder as they may a bucket; each keeps to its own part of it.
    const folder = join(storage, await installationId(database));
    const reserve = diskReserve(folder, diskReserveBytes);
    return { artifacts: await folderStore(folder, { reserve, sharedAs: home }), place: folder, check: async () => undefined };
  }
  const settings = readS3Settings(storage, process.env);
  // Several installations may share a bucket; each keeps to its own part of it.
  const prefix = [settings.prefix, await installationId(database)].filter((part) => part !== '').join('/');
  const store = await s3Store({ ...settings, prefix, folder: join(dataFolder, 'cache', 's3') });
  await store.check();
  return { artifacts: store, place: `s3://${settings.bucket}/${prefix} at ${new URL(settings.endpoint).host}`, check: () => store.check() };
}

/** Made at the first start, and the same ever after. */
export async function installationId(database: Database): Promise<string> {
  const { installation } = schema;
  return database.db.transaction(async (tx) => {
    // Two that start at once take turns, so that there is one row.
    await tx.execute('LOCK TABLE installation IN EXCLUSIVE MODE');
    const [known] = await tx.select().from(installation).limit(1);
    if (known) return known.id;
    const id = newId<string>();
    await tx.insert(installation).values({ id });
    return id;
  });
}
