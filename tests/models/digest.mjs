// The deterministic model of the fault tests: a program for the `command` driver. It works for a while, telling how far
// it is, and then writes the SHA-256 of its input and its name, so that everybody can say what a chain of it must end in.
// usage: node digest.mjs NAME INPUT OUTPUT MILLISECONDS [TIMES]
// TIMES: how often it writes it, for an answer that is too long to be kept in the database.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

const [name, input, output, milliseconds, times = '1'] = process.argv.slice(2);
const pieces = 4;
let done = 0;
const work = () => {
  done += 1;
  console.log(`progress ${done / pieces}`);
  if (done < pieces) setTimeout(work, Number(milliseconds) / pieces);
  else writeFileSync(output, createHash('sha256').update(`${name}:`).update(readFileSync(input)).digest('hex').repeat(Number(times)));
};
setTimeout(work, Number(milliseconds) / pieces);
