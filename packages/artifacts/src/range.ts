import { AtelierError } from '@atelier/protocol';
import type { ByteRange } from './store.ts';

/**
 * A range's first and last byte among `sizeBytes` bytes; `end` is `start - 1` where there is nothing to read.
 * @throws AtelierError `invalid-input` if the range begins beyond the end
 */
export function checkRange(range: ByteRange | undefined, sizeBytes: number): { start: number; end: number } {
  const start = range?.start ?? 0;
  const end = Math.min(range?.end ?? sizeBytes - 1, sizeBytes - 1);
  if (!Number.isSafeInteger(start) || start < 0 || start > sizeBytes || end < start - 1) {
    throw new AtelierError('invalid-input', `There are no bytes ${start} to ${range?.end ?? 'the end'} among ${sizeBytes}.`);
  }
  return { start, end };
}

/**
 * Reads an HTTP Range header (RFC 9110, section 14.2). Several ranges, other units and malformed ones are ignored, as the RFC allows: `undefined`.
 * @returns the bytes to send, `undefined` for all of them, or `unsatisfiable` for status 416
 */
export function parseRange(header: string | null | undefined, sizeBytes: number): { start: number; end: number } | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  if (match[1] === '') {
    const suffix = Number(match[2]);
    return suffix === 0 || sizeBytes === 0 ? 'unsatisfiable' : { start: Math.max(0, sizeBytes - suffix), end: sizeBytes - 1 };
  }
  const start = Number(match[1]);
  const last = match[2] === '' ? sizeBytes - 1 : Number(match[2]);
  if (match[2] !== '' && last < start) return undefined;
  return start >= sizeBytes ? 'unsatisfiable' : { start, end: Math.min(last, sizeBytes - 1) };
}
