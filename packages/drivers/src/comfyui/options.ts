import { readFile } from 'node:fs/promises';
import { AtelierError, type ModelManifest } from '@atelier/protocol';
import { z } from 'zod';
import { readOptions } from '../step-files.ts';

/** A graph in API format: nodes by id; an input is a value, or `[node, output]` of another node. */
export const Graph = z.record(z.string(), z.looseObject({ class_type: z.string(), inputs: z.record(z.string(), z.unknown()) }));
export type Graph = z.infer<typeof Graph>;

/** An input of a node: `[node, name]`. */
const Place = z.tuple([z.string(), z.string()]);
const Places = z.union([Place.transform((place) => [place]), z.array(Place).min(1)]);

const Options = z.strictObject({
  /** Such as http://localhost:8188; it comes from the edge owner's own file, so it may lie in the home network. */
  baseUrl: z.url({ protocol: /^https?$/ }),
  /** The graph itself, or the path of its file. */
  workflow: z.union([Graph, z.string().min(1)]),
  /** Where the value of each input port goes: texts as they are, files by the name under which they were uploaded. */
  inputs: z.record(z.string(), Places).default({}),
  /** Where parameters go; one that is left empty in the chain keeps the graph's value. */
  parameters: z.record(z.string(), Places).default({}),
  /** The node whose files are the value of each output port; left out, the first node that gives any. */
  outputs: z.record(z.string(), z.string()).default({}),
  timeoutSeconds: z.number().positive().max(86_400).default(3600),
});

export interface ComfyOptions extends Omit<z.infer<typeof Options>, 'workflow'> {
  readonly graph: Graph;
}

/** @throws AtelierError `invalid-input` naming what does not fit: a file, a node, an input of it */
export async function readComfyOptions(manifest: ModelManifest): Promise<ComfyOptions> {
  const { workflow, ...options } = readOptions(Options, manifest);
  const graph = typeof workflow === 'string' ? await readGraph(workflow, manifest.id) : workflow;
  const places = Object.entries({ ...options.inputs, ...options.parameters });
  for (const [name, bound] of places) for (const [node, input] of bound) checkPlace(graph, manifest.id, name, node, input);
  for (const [port, node] of Object.entries(options.outputs)) {
    if (!graph[node]) throw misfit(manifest.id, `outputs.${port} names the node ${node}, which the graph does not have`);
  }
  return { ...options, graph };
}

async function readGraph(path: string, modelId: string): Promise<Graph> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw misfit(modelId, `the file ${path} cannot be read`, cause);
  });
  try {
    return Graph.parse(JSON.parse(text));
  } catch (cause) {
    throw misfit(modelId, `${path} is not a graph in API format`, cause);
  }
}

function checkPlace(graph: Graph, modelId: string, name: string, node: string, input: string): void {
  const found = graph[node];
  if (!found) throw misfit(modelId, `${name} goes to the node ${node}, which the graph does not have`);
  if (!(input in found.inputs))
    throw misfit(
      modelId,
      `${name} goes to the input "${input}" of node ${node} (${found.class_type}), which has only ${Object.keys(found.inputs).join(', ') || 'none'}`,
    );
}

function misfit(modelId: string, what: string, cause?: unknown): AtelierError {
  return new AtelierError('invalid-input', `The options of ${modelId} do not fit: ${what}.`, {
    hint: 'Save the graph with "Export (API)" in ComfyUI, and name its nodes by their ids there.',
    cause,
  });
}
