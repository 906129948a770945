// Writes docs/reference/openai.md from the table of fields.
import { writeFileSync } from 'node:fs';
import { fieldsReference } from '../src/server/compatible/fields.ts';

writeFileSync(new URL('../../../docs/reference/openai.md', import.meta.url), fieldsReference());
