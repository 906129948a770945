// A program for the driver `command`: writes random bytes, which nothing on the way can compress or know already, or counts bytes.
// usage: node bytes-program.mjs write OUTPUT BYTES | count INPUT
import { randomFillSync } from 'node:crypto';
import { closeSync, openSync, statSync, writeSync } from 'node:fs';

const [act, path, bytes] = process.argv.slice(2);
if (act === 'count') console.log(statSync(path).size);
else {
  const file = openSync(path, 'w');
  const piece = Buffer.alloc(1024 * 1024);
  for (let left = Number(bytes); left > 0; left -= piece.length) writeSync(file, randomFillSync(piece), 0, Math.min(left, piece.length));
  closeSync(file);
}
