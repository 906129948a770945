import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { isAllowed, wrongLicences } from '../lint/licences.ts';

test('of alternatives one licence must be allowed, of what is joined all', () => {
  expect(['MIT', '(MIT OR GPL-2.0)', 'Apache-2.0 AND MIT'].map(isAllowed)).toEqual([true, true, true]);
  expect(['GPL-2.0', 'AGPL-3.0-only', 'LGPL-2.1', 'MIT AND GPL-3.0', '', 'SEE LICENSE IN terms.txt'].map(isAllowed)).toEqual(Array(6).fill(false));
});

test('a package under the GPL or without a licence is told, wherever it lies, and so is an exception that nothing needs', () => {
  const lines = wrongLicences({
    '': { license: 'none of ours is looked at' },
    'node_modules/good': { license: 'MIT' },
    'node_modules/good/node_modules/@x/decoder': { license: 'GPL-2.0' },
    'node_modules/nobody-says': {},
    'node_modules/codec-parser': { license: 'LGPL-3.0-or-later' },
    'node_modules/busboy': { license: 'GPL-2.0' },
  });
  expect(lines.slice(0, 3)).toEqual(['@x/decoder: GPL-2.0', 'nobody-says: no licence', 'busboy: GPL-2.0']);
  expect(lines).toContain('only: no package needs its exception for no licence');
  expect(lines.join()).not.toContain('codec-parser');
});

test('the packages of this repository pass', () => {
  expect(() => execFileSync(process.execPath, ['lint/licences.ts'], { stdio: 'pipe' })).not.toThrow();
});
