import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AtelierError, findTask, ModelManifest } from '@atelier/protocol';
import { parse } from 'yaml';

/** A manifest and where it was read. */
export interface CatalogueEntry {
  readonly manifest: ModelManifest;
  /** The manifest's own file. */
  readonly file: string;
  /** Its folder, to which `bundled:` sources and the card are relative. */
  readonly folder: string;
}

export interface Catalogue {
  readonly entries: ReadonlyMap<string, CatalogueEntry>;
  /** Manifests that could not be used, one error each; the others work all the same. */
  readonly problems: readonly AtelierError[];
}

/** The folder of the models that come with Atelier. */
export const starterModelsFolder = join(import.meta.dirname, '../../../models');

/**
 * Reads one manifest, YAML or JSON.
 * @throws AtelierError `not-found` if the file does not exist, `invalid-input` naming the field that is wrong, `unknown-task`
 */
export async function loadManifest(file: string): Promise<CatalogueEntry> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new AtelierError('not-found', `The manifest ${file} cannot be read.`, { cause });
  });
  const parsed = ModelManifest.safeParse(parseYaml(file, text));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new AtelierError('invalid-input', `${file}: ${issue?.path.join('.') || 'the manifest'}: ${issue?.message ?? 'not valid'}.`, {
      hint: 'The manifests in models/ show every field.',
      cause: parsed.error,
    });
  }
  const manifest = parsed.data;
  for (const task of manifest.tasks) findTask(task);
  const paths = manifest.files.map((modelFile) => modelFile.path.toLowerCase());
  const twice = paths.find((path, index) => paths.indexOf(path) !== index);
  if (twice !== undefined)
    throw new AtelierError('invalid-input', `${file}: two files are named ${twice}.`, { hint: 'Each file of a model needs a path of its own.' });
  return { manifest, file, folder: dirname(file) };
}

function parseYaml(file: string, text: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    throw new AtelierError('invalid-input', `${file} is not YAML: ${(cause as Error).message.split('\n')[0]}`, { cause });
  }
}

/**
 * Every manifest in some folders: `<folder>/<id>/manifest.yaml`, `<folder>/<id>.yaml` or `.json`. A folder that does not exist is empty.
 * Of two manifests with one id the first folder's stays, and the other is a problem.
 * @example const catalogue = await loadCatalogue([starterModelsFolder, join(data, 'manifests')]);
 */
export async function loadCatalogue(folders: readonly string[] = [starterModelsFolder]): Promise<Catalogue> {
  const entries = new Map<string, CatalogueEntry>();
  const problems: AtelierError[] = [];
  for (const file of (await Promise.all(folders.map(manifestFiles))).flat()) {
    try {
      const entry = await loadManifest(file);
      const other = entries.get(entry.manifest.id);
      if (other) throw new AtelierError('conflict', `${file} and ${other.file} both describe ${other.manifest.id}.`, { hint: 'Give one of them another id.' });
      entries.set(entry.manifest.id, entry);
    } catch (error) {
      problems.push(AtelierError.from(error));
    }
  }
  return { entries, problems };
}

async function manifestFiles(folder: string): Promise<string[]> {
  const children = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const files: string[] = [];
  for (const child of children.sort((a, b) => a.name.localeCompare(b.name))) {
    if (child.isDirectory()) {
      const inside = await readdir(join(folder, child.name));
      if (inside.includes('manifest.yaml')) files.push(join(folder, child.name, 'manifest.yaml'));
    } else if (/\.(ya?ml|json)$/.test(child.name)) {
      files.push(join(folder, child.name));
    }
  }
  return files;
}
