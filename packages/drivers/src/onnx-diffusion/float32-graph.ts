import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { bytesField, fieldsOf, numberField, type Rule, rewritten } from './protobuf.ts';

/** Bytes of a graph with its weights inside: what protobuf can hold. */
const mostBytes = 2 ** 31 - 1;

/** Element types of onnx.proto, TensorProto.DataType. */
const float32 = 1;
const float16 = 10;

/**
 * The same network in float32, from a file in half precision: every tensor, type and cast that is float16 becomes float32, so that values
 * beyond 65504 stay finite in between. Weights keep the values that half precision left them. Field numbers are those of onnx.proto.
 * @returns the graph with its weights inside; undefined if nothing in the file is float16, or the result would be too large for one graph
 */
export async function float32Graph(file: string): Promise<Uint8Array | undefined> {
  const bytes = await readFile(file);
  const folder = dirname(file);
  const locations = [...externalLocations(bytes)].filter((location) => !location.split(/[\\/]/).includes('..'));
  const sizes = await Promise.all(locations.map(async (location) => (await stat(join(folder, location))).size));
  if (2 * sizes.reduce((sum, size) => sum + size, bytes.length) > mostBytes) return undefined;
  const weights = new Map<string, Uint8Array>();
  for (const location of locations) weights.set(location, await readFile(join(folder, location)));
  const read: ReadWeights = ({ location, offset, length }) =>
    (weights.get(location) ?? new Uint8Array()).subarray(offset, length === undefined ? undefined : offset + length);
  const cast = { count: 0 };
  const parts = rewritten(bytes, { 7: graphRule(cast, read) });
  return cast.count === 0 ? undefined : Buffer.concat(parts);
}

interface Casts {
  count: number;
}
type ReadWeights = (place: ExternalPlace) => Uint8Array;

function graphRule(cast: Casts, read: ReadWeights): Rule {
  const tensor: Rule = (bytes) => tensorInFloat32(bytes, cast, read);
  const value: Rule = (bytes) => rewritten(bytes, { 2: typeRule(cast) });
  const graph: Rule = (bytes) => rewritten(bytes, { 1: node, 5: tensor, 11: value, 12: value, 13: value });
  const attribute: Rule = (bytes) => {
    const name = textOf(bytes, 1);
    const saysType = ['to', 'dtype', 'output_dtype'].includes(name);
    return rewritten(bytes, { 3: saysType ? typeNumber(cast) : (value: number) => value, 5: tensor, 6: graph, 10: tensor, 11: graph });
  };
  const node: Rule = (bytes) => rewritten(bytes, { 5: attribute });
  return graph;
}

/** TypeProto: the type of a tensor, or of what a sequence (4) or an optional (9) holds. */
function typeRule(cast: Casts): Rule {
  const type: Rule = (bytes) => rewritten(bytes, { 1: (tensor: Uint8Array) => rewritten(tensor, { 1: typeNumber(cast) }), 4: inner, 9: inner });
  const inner: Rule = (bytes) => rewritten(bytes, { 1: type });
  return type;
}

function typeNumber(cast: Casts): (value: number) => number {
  return (value) => {
    if (value !== float16) return value;
    cast.count += 1;
    return float32;
  };
}

/** TensorProto. Weights from beside the file are taken inside, whatever their type, since a graph in memory has no folder. */
function tensorInFloat32(bytes: Uint8Array, cast: Casts, read: ReadWeights): Uint8Array[] {
  const fields = [...fieldsOf(bytes)];
  const type = fields.find(({ number }) => number === 2)?.value ?? 0;
  const outside = externalPlace(bytes);
  if (type !== float16 && outside === undefined) return [bytes];
  const inside = fields.find(({ number }) => number === 9)?.payload;
  const raw = outside === undefined ? (inside ?? halvesOfNumbers(fields)) : read(outside);
  if (type === float16) cast.count += 1;
  const kept = fields.filter(({ number }) => ![2, 5, 9, 13, 14].includes(number)).map(({ whole }) => whole);
  return [...kept, numberField(2, type === float16 ? float32 : type), ...bytesField(9, [type === float16 ? widened(raw) : raw])];
}

function widened(halves: Uint8Array): Uint8Array {
  const floats = Float32Array.from(new Float16Array(new Uint8Array(halves).buffer));
  return new Uint8Array(floats.buffer);
}

/** Half-precision values may also stand as whole numbers in `int32_data`, packed or one by one. */
function halvesOfNumbers(
  fields: ReadonlyArray<{ readonly number: number; readonly value?: number | undefined; readonly payload?: Uint8Array | undefined }>,
): Uint8Array {
  const numbers = fields.filter(({ number }) => number === 5).flatMap(({ value, payload }) => (payload === undefined ? [value ?? 0] : packedNumbers(payload)));
  return new Uint8Array(Uint16Array.from(numbers).buffer);
}

function packedNumbers(payload: Uint8Array): number[] {
  const numbers: number[] = [];
  let value = 0;
  let shift = 0;
  for (const byte of payload) {
    value += (byte & 0x7f) * 2 ** shift;
    shift += 7;
    if (byte >= 0x80) continue;
    numbers.push(value);
    value = 0;
    shift = 0;
  }
  return numbers;
}

interface ExternalPlace {
  readonly location: string;
  readonly offset: number;
  readonly length: number | undefined;
}

/** Where a tensor's weights lie beside the file (`external_data`); undefined if they are inside. */
function externalPlace(tensor: Uint8Array): ExternalPlace | undefined {
  const entries = [...fieldsOf(tensor)].flatMap(({ number, payload }) => (number === 13 && payload ? [[textOf(payload, 1), textOf(payload, 2)] as const] : []));
  const found = new Map(entries);
  const location = found.get('location');
  if (location === undefined) return undefined;
  const length = found.get('length');
  return { location, offset: Number(found.get('offset') ?? 0), length: length === undefined ? undefined : Number(length) };
}

/** The files of weights beside a graph. */
function externalLocations(model: Uint8Array): Set<string> {
  const graphs = [...fieldsOf(model)].flatMap(({ number, payload }) => (number === 7 && payload ? [payload] : []));
  const tensors = graphs.flatMap((graph) => [...fieldsOf(graph)].flatMap(({ number, payload }) => (number === 5 && payload ? [payload] : [])));
  return new Set(tensors.flatMap((tensor) => externalPlace(tensor)?.location ?? []));
}

function textOf(message: Uint8Array, number: number): string {
  const payload = [...fieldsOf(message)].find((field) => field.number === number)?.payload;
  return payload === undefined ? '' : new TextDecoder().decode(payload);
}
