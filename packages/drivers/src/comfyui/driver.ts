import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { AtelierError, mayCarry, type Port, seedsOfShard } from '@atelier/protocol';
import type { Driver, MediaFile, StepRequest, StepResult } from '../driver.ts';
import { onTermination } from '../on-termination.ts';
import { inputFile, inputText, refuseTask } from '../step-files.ts';
import { listen, untilDone } from './follow.ts';
import { type ComfyOptions, type Graph, readComfyOptions } from './options.ts';
import { ComfyServer, filesOf, type HistoryEntry, textsOf } from './server.ts';

/** Runs the graph of a manifest's options on a ComfyUI server. */
export const comfyui: Driver = {
  name: 'comfyui',
  async load({ manifest }) {
    const options = await readComfyOptions(manifest);
    const server = new ComfyServer(options.baseUrl);
    return {
      async run(request) {
        if (!manifest.tasks.includes(request.task.name)) refuseTask('comfyui', request.task.name);
        return runGraph(server, options, request);
      },
      close: async () => undefined,
    };
  },
  describeDevice: async () => ({ device: 'remote', reason: 'The graph runs on the ComfyUI server that the options name.' }),
};

async function runGraph(server: ComfyServer, options: ComfyOptions, request: StepRequest): Promise<StepResult> {
  request.report.progress(0, 'waiting');
  const graph = await filledGraph(server, options, request);
  const clientId = randomUUID();
  let promptId: string | undefined;
  const forget = onTermination(async () => promptId !== undefined && (await server.withdraw(promptId)));
  const listening = await listen(server, clientId, Object.keys(graph).length, request.report, (id) => id === promptId);
  try {
    promptId = await server.submit(graph, clientId);
    const entry = await untilDone(server, promptId, listening, options.timeoutSeconds);
    const result = await fetchOutputs(server, options, entry, request);
    request.report.progress(1);
    return result;
  } finally {
    listening.close();
    forget();
  }
}

/** The graph with the values of this step in their places. */
async function filledGraph(server: ComfyServer, options: ComfyOptions, request: StepRequest): Promise<Graph> {
  const graph = structuredClone(options.graph);
  const put = (places: readonly (readonly [string, string])[], value: unknown) => {
    for (const [node, input] of places) (graph[node] as Graph[string]).inputs[input] = value;
  };
  const seeds = 'seed' in request.parameters ? seedsOfShard(request.parameters, request.shard) : {};
  for (const [name, value] of Object.entries({ ...request.parameters, ...seeds })) if (value !== undefined) put(options.parameters[name] ?? [], value);
  for (const [port, { required, modality }] of Object.entries(request.task.inputs)) {
    const places = options.inputs[port];
    if (!required && !request.inputs[port]?.length) continue;
    const value = modality === 'text' ? await inputText(request, port) : inputFile(request, port);
    if (places) put(places, typeof value === 'string' ? value : await server.upload(value, uploadName(value)));
  }
  return graph;
}

/** Artifacts are named by their hash, so the same picture is uploaded under the same name; ComfyUI wants an ending. */
function uploadName({ path, mediaType }: MediaFile): string {
  const name = path.split(/[\\/]/).at(-1) ?? 'file';
  const ending = mediaType.split(';')[0]?.split('/')[1]?.replace('jpeg', 'jpg').replace('mpeg', 'mp3').replace('x-wav', 'wav') ?? 'bin';
  return `atelier-${name.slice(0, 80).replaceAll(/[^\w.-]/g, '_')}${extname(name) === '' ? `.${ending}` : ''}`;
}

async function fetchOutputs(server: ComfyServer, options: ComfyOptions, entry: HistoryEntry, request: StepRequest): Promise<StepResult> {
  const result: Record<string, readonly MediaFile[]> = {};
  for (const [port, declared] of Object.entries(request.task.outputs)) {
    const named = options.outputs[port];
    const outputs = named === undefined ? Object.values(entry.outputs) : [entry.outputs[named] ?? {}];
    const files = declared.modality === 'text' ? await texts(outputs, port, request) : await media(server, outputs, port, request);
    if (files.length > 0) result[port] = files;
    else if (declared.required) throw noOutput(port, declared.modality, named);
  }
  return result;
}

async function texts(outputs: readonly Record<string, unknown>[], port: string, request: StepRequest): Promise<MediaFile[]> {
  const text = outputs.flatMap(textsOf)[0];
  return text === undefined ? [] : [await keep(request, `${port}.txt`, text, 'text/plain; charset=utf-8')];
}

/** The files that the port may carry. A shard and a port for one value take the first. */
async function media(server: ComfyServer, outputs: readonly Record<string, unknown>[], port: string, { task, ...request }: StepRequest): Promise<MediaFile[]> {
  const { modality, many } = task.outputs[port] as Port;
  const files: MediaFile[] = [];
  for (const [index, file] of outputs.flatMap(filesOf).entries()) {
    if (files.length > 0 && (!many || task.shards !== null)) break;
    const path = join(request.outFolder, `${port}-${index}${extname(file.filename)}`);
    const mediaType = await server.view(file, path, (type) => mayCarry(modality, type));
    if (mayCarry(modality, mediaType)) files.push({ path, mediaType });
  }
  return files;
}

async function keep(request: Pick<StepRequest, 'outFolder'>, name: string, bytes: string, mediaType: string): Promise<MediaFile> {
  const path = join(request.outFolder, name);
  await writeFile(path, bytes);
  return { path, mediaType };
}

function noOutput(port: string, modality: string, node: string | undefined): AtelierError {
  return new AtelierError('step-failed', `The graph gave no ${modality} for "${port}"${node === undefined ? '' : ` at node ${node}`}.`, {
    hint: `End the graph with a node that saves, and name it under options.outputs.${port}.`,
  });
}
