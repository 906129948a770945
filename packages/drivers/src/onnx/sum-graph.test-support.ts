/**
 * A small ONNX file, written here byte by byte, so that sessions can be tested without weights: `sum` = `left` + `right` and `same` = `count`.
 * Field numbers are those of onnx.proto (IR version 8, operator set 17); wire format as in protobuf.dev/programming-guides/encoding.
 */
type FloatKind = 'float32' | 'float16';
const elementNumbers = { float32: 1, int64: 7, float16: 10 } as const;

export function sumGraph(kind: FloatKind = 'float32'): Uint8Array {
  const floats = (name: string) => valueInfo(name, elementNumbers[kind], ['n', 3]);
  const counts = (name: string) => valueInfo(name, elementNumbers.int64, ['n']);
  const graph = [
    field(1, node('Add', ['left', 'right'], ['sum'])),
    field(1, node('Identity', ['count'], ['same'])),
    field(2, text('sum-graph')),
    ...[floats('left'), floats('right'), counts('count')].map((value) => field(11, value)),
    ...[floats('sum'), counts('same')].map((value) => field(12, value)),
  ].flat();
  return Uint8Array.from([...number(1, 8), ...field(7, graph), ...field(8, [...field(1, []), ...number(2, 17)])]);
}

/**
 * `length` = sqrt(x * x) * weight, for float16 throughout: x * x is infinite beyond 256, and the result is not. The weight, 1.5, stands in the
 * file, or at byte 2 of `weights.bin` beside it.
 */
export function overflowGraph(weights: 'inside' | 'beside' = 'inside'): Uint8Array {
  const half = (name: string) => valueInfo(name, elementNumbers.float16, ['n', 3]);
  const one = [0x00, 0x3e];
  const entry = (key: string, value: string) => field(13, [...field(1, text(key)), ...field(2, text(value))]);
  const beside = [...entry('location', 'weights.bin'), ...entry('offset', '2'), ...entry('length', '2'), ...number(14, 1)];
  const weight = [...number(1, 1), ...number(2, elementNumbers.float16), ...field(8, text('weight')), ...(weights === 'inside' ? field(9, one) : beside)];
  const graph = [
    field(1, node('Mul', ['x', 'x'], ['square'])),
    field(1, node('Sqrt', ['square'], ['root'])),
    field(1, node('Mul', ['root', 'weight'], ['length'])),
    field(2, text('overflow-graph')),
    field(5, weight),
    field(11, half('x')),
    field(12, half('length')),
    field(12, half('square')),
  ].flat();
  return Uint8Array.from([...number(1, 8), ...field(7, graph), ...field(8, [...field(1, []), ...number(2, 17)])]);
}

function node(operator: string, inputs: readonly string[], outputs: readonly string[]): number[] {
  return [...inputs.flatMap((name) => field(1, text(name))), ...outputs.flatMap((name) => field(2, text(name))), ...field(4, text(operator))];
}

function valueInfo(name: string, element: number, shape: readonly (number | string)[]): number[] {
  const dimensions = shape.flatMap((size) => field(1, typeof size === 'number' ? number(1, size) : field(2, text(size))));
  return [...field(1, text(name)), ...field(2, field(1, [...number(1, element), ...field(2, dimensions)]))];
}

/** Lengths and numbers here are all below 16384. */
const varint = (value: number) => (value < 128 ? [value] : [(value & 0x7f) | 0x80, value >> 7]);
const number = (tag: number, value: number) => [tag << 3, ...varint(value)];
const field = (tag: number, content: readonly number[]) => [(tag << 3) | 2, ...varint(content.length), ...content];
const text = (value: string) => [...new TextEncoder().encode(value)];
