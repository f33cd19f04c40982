const { join } = require('node:path');

/** Rooms that every feature stands on, and that know no feature. Any other folder under `src/` is a feature. */
const PLATFORM = '(?:config|logging|http|health|metrics|database|docs|pages|records|scheduling|storage|streams)';
const PLATFORM_ROOM = `^src/${PLATFORM}/`;
const FEATURE = `^src/(?!${PLATFORM}/)[^/]+/`;
const DOOR = '^src/[^/]+/index\\.ts$';
/** `main.ts`, `app.module.ts` and `configure-app.ts` put the rooms together. */
const COMPOSITION_ROOT = '^src/[^/]+\\.ts$';
/** What runs without an import: what Node is started with, and what the database finds by its folder. */
const ENTRIES = '^src/main\\.ts$|^ormconfig\\.ts$|\\.(?:command|child)\\.ts$|/(?:migrations|entities)/[^/]+\\.ts$';

/** The walls between the rooms of `src/`. `test/architecture.spec.ts` proves that each rule can fail. */
module.exports = {
  forbidden: [
    {
      name: 'feature-through-its-door',
      comment: "Import another feature from its index.ts; if it is not there, ask that feature's team to export it.",
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: FEATURE, pathNot: ['^src/$1/', DOOR] },
    },
    {
      name: 'platform-room-through-its-door',
      comment: 'Import a platform room from its index.ts.',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: PLATFORM_ROOM, pathNot: ['^src/$1/', DOOR] },
    },
    {
      name: 'platform-knows-no-feature',
      comment: 'Let the feature register itself with the platform room (as readiness checks and error translators do).',
      severity: 'error',
      from: { path: PLATFORM_ROOM },
      to: { path: FEATURE },
    },
    {
      name: 'composition-through-doors',
      comment: 'main.ts, app.module.ts, configure-app.ts and ormconfig.ts use what a room exports from its index.ts.',
      severity: 'error',
      from: { path: [COMPOSITION_ROOT, '^ormconfig\\.ts$'] },
      to: { path: '^src/[^/]+/', pathNot: DOOR },
    },
    {
      name: 'rooms-do-not-compose',
      comment: 'A room must not know how the application is put together; inject what it needs.',
      severity: 'error',
      from: { path: '^src/[^/]+/' },
      to: { path: [COMPOSITION_ROOT, '^ormconfig\\.ts$'] },
    },
    {
      name: 'door-hides-entities',
      comment: 'Export a service with narrow verbs: whoever holds an entity depends on every column of its table.',
      severity: 'error',
      from: { path: DOOR },
      to: { path: '/entities/|\\.entity\\.ts$' },
    },
    {
      name: 'door-opens-one-room',
      comment: "An index.ts names what is in its own folder; it re-exports nobody else's.",
      severity: 'error',
      from: { path: '^src/([^/]+)/index\\.ts$' },
      to: { path: '^src/', pathNot: '^src/$1/(?!.*/index\\.ts$)' },
    },
    {
      name: 'no-cycles',
      comment: 'Of types too: move what both sides need to a file of its own.',
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'Nothing uses this file, and it uses nothing: delete it.',
      severity: 'error',
      from: { orphan: true, path: '^src/', pathNot: `${ENTRIES}|\\.d\\.ts$` },
      to: {},
    },
    {
      name: 'no-unreachable',
      comment: 'Nothing that runs leads to this file: delete it, or import its module in app.module.ts.',
      severity: 'error',
      from: { path: ENTRIES },
      to: { path: '^src/', pathNot: `${ENTRIES}|\\.d\\.ts$`, reachable: false },
    },
    {
      name: 'product-without-tests',
      comment: 'What ships must not need what does not: tests, benchmarks and scripts are not in a deployment.',
      severity: 'error',
      from: { path: '^src/|^ormconfig\\.ts$' },
      to: { path: '^(?:test|bench|scripts)/' },
    },
    {
      name: 'product-without-dev-dependencies',
      comment: '`npm ci --omit=dev` must be enough to run: move the package to dependencies.',
      severity: 'error',
      from: { path: '^src/|^ormconfig\\.ts$' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: '/@types/' },
    },
    {
      name: 'resolvable',
      comment: 'This import leads nowhere (relative ones end in .js), or to a package that package.json does not list.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'listed-in-package-json',
      comment: 'Add the package to package.json: it is there by chance, as a dependency of another.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // What browsers load is none of ours to import.
    exclude: { path: '^dist/|^src/pages/assets/' },
    // Type-only imports are walls too.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: join(__dirname, 'tsconfig.json') },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
