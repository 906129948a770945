import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseFleetFile } from './fleet-file.ts';

test('the fleet of three servers is a valid fleet file', () => {
  const file = join(import.meta.dirname, '../../../examples/fleets/three-servers.yaml');
  const fleet = parseFleetFile(readFileSync(file, 'utf8'));
  expect(fleet.edges.map((edge) => edge.name)).toEqual(['Server1', 'Server2', 'Server3']);
});

test('a link from an edge that the fleet does not have is refused with the names that exist', () => {
  const text = 'edges: [{ name: A, models: [m], simulate: { links: { B: { bytesPerSecond: 1, latencyMs: 1 } } } }]';
  expect(() => parseFleetFile(text)).toThrow(/link from "B"/);
});

test('two edges of one name are refused', () => {
  expect(() => parseFleetFile('edges: [{ name: A, models: [m] }, { name: A, models: [m] }]')).toThrow(/named "A"/);
});
