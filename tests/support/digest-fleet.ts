import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import { type Studio, temporaryFolder, writeEdgeSettings } from './studio.ts';

const program = path.join(import.meta.dirname, '../models/digest.mjs');

/** What the model `digest` answers. */
export const digestOf = (text: string) => createHash('sha256').update(`digest:${text}`).digest('hex');

/** A manifest of the deterministic model for an edge's own file. */
export function digestModel(milliseconds: number, id = 'digest') {
  return {
    id,
    title: 'Digest',
    shortName: id,
    summary: 'Writes the SHA-256 of its input: a model whose every answer is known.',
    driver: 'command',
    tasks: ['text-generation'],
    licence: 'Apache-2.0',
    files: [],
    memoryBytes: 0,
    prior: { loadSeconds: 0, runSeconds: milliseconds / 1000 },
    options: { command: [process.execPath, program, 'digest', '{input.prompt}', '{output.text}', String(milliseconds)] },
  };
}

/** Writes a fleet file of edges that each offer the deterministic model. */
export function digestFleet(names: readonly string[], slots = 1): string {
  const file = path.join(temporaryFolder('fleet'), 'fleet.yaml');
  writeFileSync(file, stringify({ edges: names.map((name) => ({ name, models: ['digest'], slots })) }));
  return file;
}

export function giveDigest(studio: Studio, names: readonly string[], milliseconds: number): void {
  const file = path.join(temporaryFolder('edge'), 'edge.yaml');
  writeFileSync(file, stringify({ models: [digestModel(milliseconds)] }));
  for (const name of names) writeEdgeSettings(studio, name, file);
}
