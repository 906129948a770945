// Imports point downwards only; see ARCHITECTURE.md, "Rooms". Each room names the rooms that it may import.
const mayImport = {
  'packages/protocol': [],
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
  'apps/studio': ['protocol', 'client', 'recipe'],
  'apps/coordinator': ['protocol', 'background', 'bounded-body', 'folder-lock', 'artifacts', 'media', 'recipe', 'models', 'planner', 'runs', 'store'],
  'apps/edge': ['protocol', 'background', 'bounded-body', 'folder-lock', 'artifacts', 'media', 'models', 'drivers'],
  // The command line is the one shell that starts the others.
  'apps/cli': ['protocol', 'client', 'models'],
};

const roomRules = Object.entries(mayImport).map(([room, allowed]) => ({
  name: `${room.replace('/', '-')}-imports`,
  severity: 'error',
  comment: `${room} may import ${allowed.join(', ') || 'nothing of ours'}`,
  from: { path: `^${room}/`, pathNot: '^apps/cli/' },
  to: { path: '^(packages|apps)/', pathNot: `^(${room}/${allowed.map((name) => `|packages/${name}/`).join('')})` },
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
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true, pathNot: '^(@atelier/|virtual:)' } },
    {
      name: 'no-test-code-in-the-product',
      severity: 'error',
      from: { pathNot: '\\.test\\.tsx?$|conformance|testing|test-support|fixtures' },
      to: { path: '\\.test\\.tsx?$' },
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
