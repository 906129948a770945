import { opendir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Finding } from '@atelier/protocol';
import { size } from './byte-size.ts';

/** Where programs keep models. */
export function usualModelFolders(home: string = homedir()): string[] {
  return [
    join(process.env.HF_HOME ?? join(home, '.cache', 'huggingface'), 'hub'),
    process.env.OLLAMA_MODELS ?? join(home, '.ollama', 'models'),
    join(home, '.lmstudio', 'models'),
    join(home, 'models'),
    join(home, 'ComfyUI', 'models'),
  ];
}

const kinds = ['.gguf', '.onnx', '.safetensors'] as const;
const mostEntries = 5_000;
const mostMs = 1_000;

/** Folders with GGUF, ONNX or safetensors files. Looked at shortly and never read. */
export async function findModelFolders(folders: readonly string[]): Promise<Finding[]> {
  const found = await Promise.all(folders.map(countModels));
  return found.filter((finding) => finding !== undefined);
}

async function countModels(folder: string): Promise<Finding | undefined> {
  const counts = new Map<string, number>();
  let bytes = 0;
  for await (const file of filesOf(folder)) {
    const kind = kinds.find((ending) => file.endsWith(ending));
    if (kind === undefined) continue;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    bytes += (await stat(file).catch(() => undefined))?.size ?? 0;
  }
  if (counts.size === 0) return undefined;
  const what = [...counts].map(([kind, count]) => `${count} ${kind} files`).join(', ');
  return {
    subject: 'Models',
    level: 'note',
    message: `${folder} holds ${what} (${size(bytes)}); none is used unasked.`,
    hint: 'To use one, write a manifest as in docs/models and put it into the folder manifests of the data folder.',
  };
}

async function* filesOf(folder: string): AsyncGenerator<string> {
  const until = performance.now() + mostMs;
  const waiting = [folder];
  for (let seen = 0; seen < mostEntries && performance.now() < until; ) {
    const next = waiting.pop();
    if (next === undefined) return;
    const entries = await opendir(next).catch(() => undefined);
    for await (const entry of entries ?? []) {
      seen += 1;
      if (entry.isDirectory()) waiting.push(join(next, entry.name));
      else if (entry.isFile() || entry.isSymbolicLink()) yield join(next, entry.name);
    }
  }
}
