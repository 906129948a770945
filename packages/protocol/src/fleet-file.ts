import { parse } from 'yaml';
import { z } from 'zod';
import { AtelierError } from './errors.ts';
import { ModelId } from './ids.ts';

/** A link as it is imitated: real bytes are throttled to this rate and real messages delayed. */
export const SimulatedLink = z.object({ bytesPerSecond: z.number().positive(), latencyMs: z.number().min(0).max(60_000) }).strict();
export type SimulatedLink = z.infer<typeof SimulatedLink>;

/** What a local edge pretends, so that one machine can show how a fleet behaves. The planner never reads it: it only sees what comes of it. */
export const Simulation = z
  .object({
    position: z.object({ latitude: z.number().min(-90).max(90), longitude: z.number().min(-180).max(180) }).optional(),
    /** 1 is the machine's own speed; 0.5 makes every step take twice as long. */
    speed: z.number().positive().max(1).default(1),
    /** By the name of the edge that bytes come from, or `coordinator`; `default` is for all others. */
    links: z.record(z.string(), SimulatedLink).default({}),
  })
  .strict();
export type Simulation = z.infer<typeof Simulation>;

const FleetEdge = z
  .object({
    name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,59}$/, 'use letters, digits, spaces, dots, hyphens and underscores'),
    models: z.array(ModelId).min(1),
    slots: z.int().min(1).max(64).default(1),
    /** Most bytes of models in memory at a time; without it the edge decides by its machine. */
    memoryBytes: z.int().positive().optional(),
    simulate: Simulation.optional(),
  })
  .strict();

/** Local edges that a studio starts instead of its single one: the form of the files in examples/fleets. */
export const FleetFile = z.object({ name: z.string().max(200).optional(), edges: z.array(FleetEdge).min(1).max(64) }).strict();
export type FleetFile = z.infer<typeof FleetFile>;

/**
 * Reads a fleet file, YAML or JSON.
 * @throws AtelierError `invalid-input`, naming the field that is wrong
 */
export function parseFleetFile(text: string): FleetFile {
  let value: unknown;
  try {
    value = parse(text, { maxAliasCount: 0 });
  } catch (error) {
    throw new AtelierError('invalid-input', `The fleet is neither YAML nor JSON: ${(error as Error).message.split('\n')[0]}`, { cause: error });
  }
  const parsed = FleetFile.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new AtelierError('invalid-input', `The fleet is not valid: ${issue?.path.join('.') || 'fleet'}: ${issue?.message}.`, {
      hint: 'examples/fleets/three-servers.yaml shows every field.',
      cause: parsed.error,
    });
  }
  checkNames(parsed.data);
  return parsed.data;
}

function checkNames(fleet: FleetFile): void {
  const names = fleet.edges.map((edge) => edge.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new AtelierError('invalid-input', `Two edges of the fleet are named "${twice}".`, { hint: 'Give each edge a name of its own.' });
  for (const edge of fleet.edges) {
    const unknown = Object.keys(edge.simulate?.links ?? {}).find((name) => name !== 'default' && name !== 'coordinator' && !names.includes(name));
    if (unknown !== undefined) {
      throw new AtelierError('invalid-input', `${edge.name} has a link from "${unknown}", but no edge of the fleet is named so.`, {
        hint: `Edges are: ${names.join(', ')}; or write coordinator or default.`,
      });
    }
  }
}
