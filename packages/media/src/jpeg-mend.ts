/**
 * Writes a JPEG (ITU-T T.81) again without the small faults of cameras and phones that lose no pixel: stray bytes between segments, a scan header whose
 * spectral range is not that of its kind, a version of JFIF that nobody made, no end mark. Pixels that are missing stay missing: the decoder warns of them.
 * @returns the very same bytes if there is nothing to mend, or if this is no JPEG that can be walked
 */
export function mendJpeg(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [bytes.subarray(0, 2)];
  const scans = new ScanBook();
  let isChanged = false;
  for (let at = 2; ; ) {
    const marker = nextMarker(bytes, at);
    if (marker === undefined || marker.code === endOfImage) {
      if (marker !== undefined && !isChanged) return bytes;
      if (marker === undefined && !scans.areComplete()) return bytes;
      return Buffer.concat([...parts, Uint8Array.of(0xff, endOfImage)]);
    }
    if (marker.start !== at) isChanged = true;
    const end = segmentEnd(bytes, marker);
    if (end === undefined) return bytes;
    const segment = bytes.subarray(marker.start, end);
    const mended = mendSegment(segment, marker.code, scans);
    isChanged ||= mended !== segment;
    parts.push(mended);
    at = end;
    if (marker.code !== startOfScan) continue;
    const data = bytes.subarray(end, scanEnd(bytes, end));
    parts.push(data);
    at = end + data.length;
  }
}

/**
 * Drops bytes that lie behind the last pixel of a scan, as a decoder counted them: the last ones before the marker.
 * @returns undefined if there are not as many
 */
export function dropBehindScan(bytes: Uint8Array, count: number, code: number): Uint8Array | undefined {
  if (count > mostBehindScan) return undefined;
  for (let at = 2; ; ) {
    const marker = nextMarker(bytes, at);
    const end = marker && segmentEnd(bytes, marker);
    if (marker === undefined || end === undefined) return undefined;
    at = marker.code === startOfScan ? scanEnd(bytes, end) : end;
    if (marker.code === startOfScan && bytes[at + 1] === code && at - end > count) {
      return Buffer.concat([bytes.subarray(0, at - count), bytes.subarray(at)]);
    }
  }
}

/** More than this behind a scan is no padding: something of the picture was lost before it. */
const mostBehindScan = 64;
const startOfScan = 0xda;
const endOfImage = 0xd9;

interface Marker {
  readonly start: number;
  readonly code: number;
}

/** The next marker at or behind a place; filling bytes and stray ones are passed over. */
function nextMarker(bytes: Uint8Array, from: number): Marker | undefined {
  for (let at = bytes.indexOf(0xff, from); at >= 0 && at + 1 < bytes.length; at = bytes.indexOf(0xff, at + 1)) {
    const code = bytes[at + 1] as number;
    if (code !== 0 && code !== 0xff && !isRestart(code)) return { start: at, code };
  }
  return undefined;
}

const isRestart = (code: number) => code >= 0xd0 && code <= 0xd7;

/** Behind a segment: two bytes of its marker, then its length, which counts itself. */
function segmentEnd(bytes: Uint8Array, { start, code }: Marker): number | undefined {
  if (code === 0x01 || code === 0xd8) return start + 2;
  if (start + 4 > bytes.length) return undefined;
  const length = (bytes[start + 2] as number) * 256 + (bytes[start + 3] as number);
  const end = start + 2 + length;
  return length < 2 || end > bytes.length ? undefined : end;
}

/** Where the coded pixels of a scan end: at the next marker that is no restart, or with the file. */
function scanEnd(bytes: Uint8Array, from: number): number {
  return nextMarker(bytes, from)?.start ?? bytes.length;
}

function mendSegment(segment: Uint8Array, code: number, scans: ScanBook): Uint8Array {
  if (isFrame(code)) scans.frame(segment, code);
  if (code === startOfScan) return scans.scan(segment);
  const isJfif = code === 0xe0 && Buffer.from(segment.subarray(4, 9)).toString('latin1') === 'JFIF\0';
  return isJfif && segment.length > 9 && segment[9] !== 1 ? replaced(segment, 9, [1]) : segment;
}

const isFrame = (code: number) => code >= 0xc0 && code <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(code);

function replaced(segment: Uint8Array, at: number, values: readonly number[]): Uint8Array {
  const copy = Uint8Array.from(segment);
  copy.set(values, at);
  return copy;
}

/** What the scans of a picture have brought: by component and frequency, the lowest bit that is known. */
class ScanBook {
  readonly #lowestBits = new Map<number, Int8Array>();
  #isProgressive = false;

  frame(segment: Uint8Array, code: number): void {
    this.#isProgressive = code === 0xc2 || code === 0xca;
    for (let i = 0; i < (segment[9] ?? 0); i++) this.#lowestBits.set(segment[10 + 3 * i] ?? 0, new Int8Array(64).fill(-1));
  }

  /** The header of a scan, with all frequencies in one where the picture is built so. */
  scan(segment: Uint8Array): Uint8Array {
    const components = segment[4] ?? 0;
    const tail = 5 + 2 * components;
    if (tail + 3 > segment.length) return segment;
    const [first, last, bits] = this.#isProgressive ? Array.from(segment.subarray(tail, tail + 3)) : [0, 63, 0];
    for (let i = 0; i < components; i++) this.#lowestBits.get(segment[5 + 2 * i] ?? 0)?.fill((bits ?? 0) & 15, first, (last ?? 63) + 1);
    const isSame = [first, last, bits].every((value, i) => segment[tail + i] === value);
    return isSame ? segment : replaced(segment, tail, [first ?? 0, last ?? 63, bits ?? 0]);
  }

  areComplete(): boolean {
    return this.#lowestBits.size > 0 && [...this.#lowestBits.values()].every((bits) => bits.every((bit) => bit === 0));
  }
}
