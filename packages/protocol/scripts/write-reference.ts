// Writes docs/reference from the declarations.
import { writeFileSync } from 'node:fs';
import { referencePages } from '../src/reference.ts';

for (const [name, text] of Object.entries(referencePages())) {
  writeFileSync(new URL(`../../../docs/reference/${name}`, import.meta.url), text);
}
