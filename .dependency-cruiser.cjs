const { join } = require('node:path');

/** The rooms of the platform know no feature. `server` is optional: the application also runs on Nest's stock adapter. */
const PLATFORM_ROOM = '^src/platform/([^/]+)/';
/** The engine. */
const SERVING = '^src/serving/';
/** What makes the engine available to the outside: HTTP, protocols, jobs and pages. */
const SERVING_DOORS = '(?:inference|open-inference|prediction-jobs|model-pages|model-life)';
/** Any folder under `src/` that is neither the platform, the engine nor the command line is a feature. */
const FEATURE = '^src/(?!platform/|serving/|cli/)[^/]+/';
const FEATURE_DOOR = '^src/[^/]+/index\\.ts$';
/** `main.ts`, `app.module.ts` and `configure-app.ts` put the rooms together. */
const COMPOSITION_ROOT = '^src/[^/]+\\.ts$';
/** What runs without an import: what Node is started with, and what the database finds by its folder. */
const ENTRIES = '^src/main\\.ts$|^ormconfig\\.ts$|\\.(?:command|child)\\.ts$|/(?:migrations|entities)/[^/]+\\.ts$';

/** Inside the engine a sub-room may use only those to its right. */
const SERVING_LEVELS = [
  'repository',
  'reference',
  'pipeline',
  'batching',
  'stats',
  'runtime',
  'graph',
  'images',
  'signature',
  'manifest',
];

/** @returns one rule for each sub-room of the engine, which forbids the sub-rooms to its left */
function servingLevels() {
  return SERVING_LEVELS.slice(1).map((room, index) => ({
    name: `serving-${room}-depends-downwards`,
    comment: `Inside serving/, dependencies go one way: ${SERVING_LEVELS.join(' → ')}. Move what both sides need downwards.`,
    severity: 'error',
    from: { path: `${SERVING}${room}/` },
    to: { path: `${SERVING}(?:${SERVING_LEVELS.slice(0, index + 1).join('|')})/` },
  }));
}

/** The walls between the rooms of `src/`. `test/project/architecture.spec.ts` proves that each rule can fail. */
module.exports = {
  forbidden: [
    {
      name: 'feature-through-its-door',
      comment: "Import another feature from its index.ts; if it is not there, ask that feature's team to export it.",
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: FEATURE, pathNot: ['^src/$1/', FEATURE_DOOR] },
    },
    {
      name: 'platform-room-through-its-door',
      comment: 'Import a platform room from its index.ts.',
      severity: 'error',
      from: { path: '^src/(?:platform/)?([^/]+)/' },
      to: { path: PLATFORM_ROOM, pathNot: ['^src/platform/$1/', '^src/platform/[^/]+/index\\.ts$'] },
    },
    {
      name: 'platform-knows-no-feature',
      comment: 'Let the feature register itself with the platform room (as readiness checks and error translators do).',
      severity: 'error',
      from: { path: '^src/platform/' },
      to: { path: '^src/(?!platform/)[^/]+/' },
    },
    {
      name: 'server-is-optional',
      comment:
        'Only the composition root knows platform/server: the application also runs on the stock Express adapter.',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: '^src/platform/server/' },
      to: { path: '^src/platform/server/' },
    },
    {
      name: 'serving-through-its-door',
      comment: 'Import the engine from src/serving/index.ts.',
      severity: 'error',
      from: { path: '^src/', pathNot: SERVING },
      to: { path: SERVING, pathNot: '^src/serving/index\\.ts$' },
    },
    {
      name: 'serving-knows-only-the-platform',
      comment: 'The engine also runs on the command line: let the room above pass in, or listen to, what it needs.',
      severity: 'error',
      from: { path: SERVING },
      to: { path: '^src/(?!serving/|platform/)[^/]+/' },
    },
    {
      name: 'serving-runs-without-the-application',
      comment: 'The engine has no OpenAPI, pages, health checks or server: a room above registers these for it.',
      severity: 'error',
      from: { path: SERVING },
      to: { path: '^src/platform/(?:docs|pages|health|server)/' },
    },
    {
      name: 'serving-does-not-import-its-door',
      comment: 'Inside serving/, import the file itself: index.ts is for the rooms above.',
      severity: 'error',
      from: { path: SERVING, pathNot: '^src/serving/index\\.ts$' },
      to: { path: '^src/serving/(?:index|serving\\.module)\\.ts$' },
    },
    ...servingLevels(),
    {
      name: 'serving-doors-do-not-know-each-other',
      comment: 'Every door may use inference/index.ts and jobs/index.ts; one more edge needs an ADR (docs/adr/0019).',
      severity: 'error',
      from: { path: `^src/(${SERVING_DOORS})/`, pathNot: '^src/model-pages/' },
      to: { path: `^src/${SERVING_DOORS}/`, pathNot: ['^src/$1/', '^src/inference/index\\.ts$'] },
    },
    {
      name: 'model-pages-show-results-of-jobs',
      comment:
        'The pages of models may use inference/index.ts, and prediction-jobs/index.ts for its CSV (docs/adr/0019).',
      severity: 'error',
      from: { path: '^src/model-pages/' },
      to: {
        path: `^src/${SERVING_DOORS}/`,
        pathNot: ['^src/model-pages/', '^src/(?:inference|prediction-jobs)/index\\.ts$'],
      },
    },
    {
      name: 'command-line-is-imported-by-nothing',
      comment: 'Move what both need to the room that owns it, and export it there.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/cli/' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'composition-through-doors',
      comment: 'main.ts, app.module.ts, configure-app.ts and ormconfig.ts use what a room exports from its index.ts.',
      severity: 'error',
      from: { path: [COMPOSITION_ROOT, '^ormconfig\\.ts$'] },
      to: { path: '^src/[^/]+/', pathNot: '^src/(?:platform/)?[^/]+/index\\.ts$' },
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
      from: { path: '^src/(?:platform/)?[^/]+/index\\.ts$' },
      to: { path: '/entities/|\\.entity\\.ts$' },
    },
    {
      name: 'door-opens-one-room',
      comment: "An index.ts names what is in its own folder; it re-exports nobody else's.",
      severity: 'error',
      from: { path: '^src/((?:platform/)?[^/]+)/index\\.ts$' },
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
    // What browsers load is not ours to import.
    exclude: { path: '^dist/|^src/platform/pages/assets/' },
    // Type-only imports are walls too.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: join(__dirname, 'tsconfig.json') },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
