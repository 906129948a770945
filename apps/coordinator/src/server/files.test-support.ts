import { crc32, deflateSync } from 'node:zlib';

/** A picture of one colour as a PNG (RFC 2083). */
export function pngOf(grey: number, side = 4): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(side, 0);
  head.writeUInt32BE(side, 4);
  head.writeUInt8(8, 8);
  const rows = Buffer.concat(Array.from({ length: side }, () => Buffer.from([0, ...new Uint8Array(side).fill(grey)])));
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', head), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}

/** A GIF89a of one dot, and as many bytes of comment as are asked for. */
export function gifOf(comment: string): Buffer {
  const head = Buffer.from('474946383961010001008000000000ffffff00', 'hex').subarray(0, 13 + 6);
  const note = Buffer.concat([Buffer.from([0x21, 0xfe, comment.length]), Buffer.from(comment, 'latin1'), Buffer.from([0])]);
  return Buffer.concat([head, note, Buffer.from('2c00000000010001000002024401003b', 'hex')]);
}

/** The boxes of an MP4 (ISO/IEC 14496-12) around bytes that are no film. */
export function mp4Of(bytes: Uint8Array): Buffer {
  return Buffer.concat([box('ftyp', Buffer.from('isom\0\0\x02\0isomiso2', 'latin1')), box('mdat', Buffer.from(bytes)), box('moov', Buffer.alloc(16))]);
}

function box(type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length + 8);
  return Buffer.concat([length, Buffer.from(type, 'latin1'), data]);
}
