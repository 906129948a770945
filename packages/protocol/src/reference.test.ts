import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { referencePages } from './reference.ts';

test.each(Object.entries(referencePages()))(
  'docs/reference/%s says what the declarations say; if not, run packages/protocol/scripts/write-reference.ts',
  (name, text) => {
    expect(readFileSync(new URL(`../../../docs/reference/${name}`, import.meta.url), 'utf8')).toBe(text);
  },
);
