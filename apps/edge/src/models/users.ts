import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/**
 * Which edges of a machine use a model of a shared store: `<store>/.users/<model>/<edge>`, a file with the edge's folder in it.
 * A mark whose folder is gone counts no more.
 */
export class ModelUsers {
  readonly #root: string;
  readonly #folder: string;
  readonly #mark: string;

  constructor(modelsFolder: string, edgeFolder: string) {
    this.#root = join(modelsFolder, '.users');
    this.#folder = resolve(edgeFolder);
    this.#mark = createHash('sha256').update(this.#folder).digest('hex').slice(0, 24);
  }

  async enter(modelId: string): Promise<void> {
    await mkdir(join(this.#root, modelId), { recursive: true });
    await writeFile(join(this.#root, modelId, this.#mark), this.#folder);
  }

  async leave(modelId: string): Promise<void> {
    await rm(join(this.#root, modelId, this.#mark), { force: true });
  }

  async anyLeft(modelId: string): Promise<boolean> {
    const marks = await readdir(join(this.#root, modelId)).catch(() => []);
    for (const mark of marks) {
      const folder = await readFile(join(this.#root, modelId, mark), 'utf8').catch(() => '');
      if (folder !== '' && (await stat(join(folder, 'edge.json')).catch(() => undefined))) return true;
    }
    return false;
  }
}
