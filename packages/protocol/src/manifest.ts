import { z } from 'zod';
import { ArtifactHash, ModelId } from './ids.ts';

/** The drivers of this release. A manifest names one; an edge runs only drivers that it has. */
export const driverNames = [
  'transformers',
  'llama',
  'onnx-diffusion',
  'motion',
  'media',
  'onnx-upscaler',
  'openai',
  'comfyui',
  'automatic1111',
  'command',
] as const;
export type BuiltInDriver = (typeof driverNames)[number];
/** One of {@link driverNames}, or a driver that an edge's owner added with `--tasks`. */
export const DriverName = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, 'use lower-case letters, digits and hyphens, starting with a letter');
export type DriverName = z.infer<typeof DriverName>;

/**
 * Where a file of a model comes from, each pinned by the file's own SHA-256:
 * `https://host/path`, `hf:owner/repo@revision/path`, `npm:package@version/path`, `pypi:package==version/path`
 * (a path inside the package or wheel), or `bundled:path`, relative to the manifest's own folder.
 */
export const FileSource = z
  .string()
  .max(1000)
  .regex(/^(https:\/\/|hf:|npm:|pypi:|bundled:)/, 'start with https://, hf:, npm:, pypi: or bundled:');

export const ModelFile = z.object({
  /** Where the file lies in the model's folder: a relative path without `..`. */
  path: z
    .string()
    .max(300)
    .regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$))[^\\:]+$/, 'a relative path without ..'),
  source: FileSource,
  sha256: ArtifactHash,
  sizeBytes: z.number().int().positive(),
});
export type ModelFile = z.infer<typeof ModelFile>;

/** Weights and what must be known to run them. Written as YAML in models/<id>/manifest.yaml. */
export const ModelManifest = z.object({
  id: ModelId,
  title: z.string().max(100),
  /** The short name under which plans show it, as the seed does: `whisper`, `llama`. */
  shortName: z.string().max(40),
  summary: z.string().max(1000),
  driver: DriverName,
  /** Names of tasks it serves. */
  tasks: z.array(z.string()).min(1),
  licence: z.string().max(100),
  /** Where the card with origin, data, limits and licence stands, relative to the manifest. */
  card: z.string().max(300).optional(),
  files: z.array(ModelFile).max(2000),
  /** Memory that one loaded copy takes, in bytes: measured resident size, not file size. */
  memoryBytes: z.number().int().nonnegative(),
  /** A rank of quality among models of one task, 0 to 1. The planner shows it and breaks ties with it. */
  quality: z.number().min(0).max(1).default(0.5),
  /** Pixels of the side of the square that a model for pictures was trained on, so that other sizes are drawn near it. */
  pictureSide: z.number().int().min(8).max(8192).optional(),
  /** `own` if it draws that square and nothing else, since its graph was exported with a fixed size. Left out: other sizes near it too. */
  pictureSizes: z.enum(['own', 'any']).optional(),
  /** Seconds to expect where nothing is measured yet, on one core of a common machine. */
  prior: z.object({ loadSeconds: z.number().nonnegative(), runSeconds: z.number().nonnegative() }),
  /** Tokens of a prompt that it reads, special ones not counted; left out where any length is read. What is behind them has no effect. */
  promptTokens: z.number().int().positive().optional(),
  /**
   * Whether the same inputs, parameters and seed give the same result, so that the result cache may answer. Left out: yes, but for
   * drivers that only speak to a server or a command, which may change behind our back.
   */
  reproducible: z.boolean().optional(),
  /** Settings that only the driver reads; the driver validates them. */
  options: z.record(z.string(), z.unknown()).default({}),
});
export type ModelManifest = z.infer<typeof ModelManifest>;

/** Whether a model draws the size that a step's parameters ask for; a side that is left out is the model's own. */
export function drawsSize({ pictureSide, pictureSizes }: ModelManifest, { width, height }: Readonly<Record<string, unknown>>): boolean {
  return pictureSizes !== 'own' || pictureSide === undefined || [width, height].every((side) => side === undefined || side === pictureSide);
}

const elsewhere: ReadonlySet<string> = new Set(['openai', 'comfyui', 'automatic1111', 'command']);

/** Whether results of a model may be answered from the result cache. */
export function isReproducible(manifest: ModelManifest): boolean {
  return manifest.reproducible ?? !elsewhere.has(manifest.driver);
}
