import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import { type Studio, temporaryFolder, writeEdgeSettings } from './studio.ts';

/** The program that the deterministic model runs. */
export const digestProgram = path.join(import.meta.dirname, '../models/digest.mjs');

/** What the model `digest` answers; one with a mark of its own answers by that. */
export const digestOf = (text: string, mark = 'digest') => createHash('sha256').update(`${mark}:${text}`).digest('hex');

/**
 * A manifest of the deterministic model for an edge's own file.
 * @param mark goes into every answer, where it should show which edge made it
 */
export function digestModel(milliseconds: number, id = 'digest', mark = 'digest') {
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
    options: { command: [process.execPath, digestProgram, mark, '{input.prompt}', '{output.text}', String(milliseconds)] },
  };
}

/** Writes a fleet file of edges that each offer the deterministic model. */
export function digestFleet(names: readonly string[], slots = 1, models: readonly string[] = ['digest']): string {
  const file = path.join(temporaryFolder('fleet'), 'fleet.yaml');
  writeFileSync(file, stringify({ edges: names.map((name) => ({ name, models, slots })) }, { aliasDuplicateObjects: false }));
  return file;
}

export function giveDigest(studio: Studio, names: readonly string[], milliseconds: number): void {
  for (const name of names) giveModels(studio, name, [digestModel(milliseconds)]);
}

/** Writes manifests into an edge's own file, before its studio starts. */
export function giveModels(studio: Studio, edgeName: string, models: readonly object[]): void {
  const file = path.join(temporaryFolder('edge'), 'edge.yaml');
  writeFileSync(file, JSON.stringify({ models }));
  writeEdgeSettings(studio, edgeName, file);
}
