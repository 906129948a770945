// Imports point downwards only; see ARCHITECTURE.md, "Rooms". Each room names the rooms that it may import.
import { readdirSync } from 'node:fs';
import path from 'node:path';

const mayImport = {
  'packages/protocol': [],
  'packages/seeded': [],
  'packages/background': [],
  'packages/bounded-body': ['protocol'],
  'packages/media': ['protocol'],
  'packages/recipe': ['protocol'],
  'packages/artifacts': ['protocol', 'bounded-body'],
  'packages/diffusion': ['protocol'],
  'packages/models': ['protocol', 'bounded-body', 'artifacts', 'media'],
  'packages/drivers': ['protocol', 'background', 'bounded-body', 'artifacts', 'media', 'models', 'diffusion'],
  'packages/folder-lock': [],
  'packages/planner': ['protocol'],
  'packages/runs': ['protocol'],
  'packages/store': ['protocol'],
  'packages/client': ['protocol'],
  'apps/studio': ['protocol', 'client', 'recipe', 'media'],
  'apps/coordinator': ['protocol', 'background', 'bounded-body', 'folder-lock', 'artifacts', 'media', 'recipe', 'models', 'planner', 'runs', 'store'],
  'apps/edge': ['protocol', 'background', 'bounded-body', 'folder-lock', 'artifacts', 'media', 'models', 'drivers'],
  // The command line is the one shell that starts the others.
  'apps/cli': ['protocol', 'client', 'models'],
};

/** Randomness for tests: whoever imports it is one. */
const forTests = '^packages/seeded/';

const roomRules = Object.entries(mayImport).map(([room, allowed]) => ({
  name: `${room.replace('/', '-')}-imports`,
  severity: 'error',
  comment: `${room} may import ${allowed.join(', ') || 'nothing of ours'}`,
  from: { path: `^${room}/`, pathNot: '^apps/cli/' },
  to: { path: '^(packages|apps)/', pathNot: `^(${room}/${allowed.map((name) => `|packages/${name}/`).join('')})|${forTests}` },
}));

/** Folders with an index.ts of their own: whoever is outside sees nothing else of them. */
const facedFolders = ['apps', 'packages'].flatMap((folder) =>
  readdirSync(folder, { recursive: true })
    .filter((file) => /[/\\]src[/\\].*index\.tsx?$/.test(file) && !file.includes('node_modules'))
    .map((file) => path.posix.join(folder, path.dirname(file).replaceAll('\\', '/'))),
);

const faceRules = facedFolders
  .filter((folder) => !folder.endsWith('/src'))
  .map((folder) => ({
    name: `face-of-${folder.replaceAll('/', '-')}`,
    severity: 'error',
    comment: `${folder} is seen through its index.ts alone`,
    from: { path: '^(apps|packages)/', pathNot: `^${folder}/` },
    to: { path: `^${folder}/`, pathNot: `^${folder}/index\\.tsx?$|\\.test-support\\.ts$` },
  }));

export default {
  forbidden: [
    ...roomRules,
    {
      name: 'cli-imports',
      severity: 'error',
      comment: 'the command line starts coordinator and edge, and else speaks through the client',
      from: { path: '^apps/cli/' },
      to: { path: '^(packages|apps)/', pathNot: '^(apps/(cli|coordinator|edge)/|packages/(protocol|client|models|store)/)' },
    },
    {
      name: 'browser-media',
      severity: 'error',
      comment: 'of media, a browser can run the writer of WAV files alone',
      from: { path: '^apps/studio/' },
      to: { path: '^packages/media/', pathNot: '^packages/media/src/wav\\.ts$' },
    },
    {
      name: 'pages-know-no-family',
      severity: 'error',
      comment: 'a family of tasks brings its views by families/index.ts, and app.tsx gives them to task-views/',
      from: { path: '^apps/studio/src/', pathNot: '^apps/studio/src/(app[.]tsx$|families/)' },
      to: { path: '^apps/studio/src/families/' },
    },
    {
      name: 'families-alone',
      severity: 'error',
      comment: 'a family knows no other family',
      from: { path: '^apps/studio/src/families/([^/]+)/' },
      to: { path: '^apps/studio/src/families/', pathNot: '^apps/studio/src/families/$1/' },
    },
    // Imports of types count too: what needs each other's types cannot be read apart.
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    ...faceRules,
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true, pathNot: '^(@atelier/|virtual:)' } },
    {
      name: 'no-test-code-in-the-product',
      severity: 'error',
      from: { pathNot: '\\.test\\.tsx?$|conformance|testing|test-support|fixtures' },
      to: { path: `\\.test\\.tsx?$|${forTests}` },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|node_modules|migrations)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'], extensions: ['.ts', '.tsx', '.mjs', '.js', '.json'] },
  },
};
