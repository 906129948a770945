/**
 * As much of protobuf's wire format as it takes to change some fields of a message and leave all others as they are, byte by byte:
 * protobuf.dev/programming-guides/encoding.
 */
export interface WireField {
  readonly number: number;
  /** Tag and contents, as they stand. */
  readonly whole: Uint8Array;
  /** Of a number. */
  readonly value?: number;
  /** Of a message, text or bytes. */
  readonly payload?: Uint8Array;
}

/** What becomes of a message or bytes, in parts that are to be joined. */
export type Rule = (payload: Uint8Array) => Uint8Array[];

/** @throws RangeError where the bytes are no message */
export function* fieldsOf(bytes: Uint8Array): Generator<WireField> {
  let place = 0;
  while (place < bytes.length) {
    const tag = readNumber(bytes, place);
    const number = Math.floor(tag.value / 8);
    const { end, ...contents } = readContents(bytes, tag.end, tag.value % 8);
    yield { number, whole: bytes.subarray(place, end), ...contents };
    place = end;
  }
}

function readContents(bytes: Uint8Array, from: number, wire: number): { readonly end: number; readonly value?: number; readonly payload?: Uint8Array } {
  switch (wire) {
    case 0:
      return readNumber(bytes, from);
    case 1:
      return { end: from + 8 };
    case 2: {
      const length = readNumber(bytes, from);
      const end = length.end + length.value;
      if (end > bytes.length) throw new RangeError('The message ends in the middle of a field.');
      return { end, payload: bytes.subarray(length.end, end) };
    }
    case 5:
      return { end: from + 4 };
    default:
      throw new RangeError(`The message has a field of wire type ${wire}.`);
  }
}

/** Numbers over 2^53 (negative ones) lose their last digits; they are never written again from here. */
function readNumber(bytes: Uint8Array, from: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let place = from; place < bytes.length; place++) {
    const byte = bytes[place] as number;
    value += (byte & 0x7f) * 2 ** (7 * (place - from));
    if (byte < 0x80) return { value, end: place + 1 };
  }
  throw new RangeError('The message ends in the middle of a number.');
}

/**
 * A message with some fields changed.
 * @param rules by field number: a rule for messages and bytes, a function from number to number for numbers
 */
export function rewritten(bytes: Uint8Array, rules: Readonly<Record<number, Rule | ((value: number) => number)>>): Uint8Array[] {
  return [...fieldsOf(bytes)].flatMap(({ number, whole, payload, value }) => {
    const rule = rules[number];
    if (rule === undefined) return [whole];
    if (payload !== undefined) return bytesField(number, (rule as Rule)(payload));
    const changed = (rule as (value: number) => number)(value as number);
    return [changed === value ? whole : numberField(number, changed)];
  });
}

export function numberField(number: number, value: number): Uint8Array {
  return Uint8Array.from([...varint(number * 8), ...varint(value)]);
}

export function bytesField(number: number, parts: readonly Uint8Array[]): Uint8Array[] {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return [Uint8Array.from([...varint(number * 8 + 2), ...varint(length)]), ...parts];
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return [...bytes, rest];
}
