import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Finished, ROOT, run } from '../support/project.js';

interface Rule {
  readonly name: string;
  readonly from: { readonly path?: string | readonly string[] };
  readonly to: { readonly path?: string | readonly string[] };
}

interface Violation {
  readonly rule: { readonly name: string };
  readonly from: string;
  readonly to: string;
}

interface Cruise {
  readonly modules: readonly { source: string; dependencies: readonly { resolved: string }[] }[];
  readonly summary: { readonly violations: readonly Violation[] };
}

const RULES = join(ROOT, '.dependency-cruiser.cjs');
const BAD_WALLS = join(ROOT, 'test/fixtures/bad-walls');
const { forbidden } = createRequire(import.meta.url)(RULES) as { forbidden: readonly Rule[] };
const { walls: WALLS } = (JSON.parse(read('package.json')) as { scripts: { walls: string } }).scripts;

/** Every violation in `BAD_WALLS`: the rule, the importing file, the imported file. */
const BAD_IMPORTS = [
  ['feature-through-its-door', 'src/menus/menus.service.ts', 'src/auth/entities/member.entity.ts'],
  ['platform-room-through-its-door', 'src/menus/menus.service.ts', 'src/platform/http/http.settings.ts'],
  ['platform-room-through-its-door', 'src/platform/health/readiness.ts', 'src/platform/logging/logger.ts'],
  ['platform-knows-no-feature', 'src/platform/http/http.settings.ts', 'src/menus/index.ts'],
  ['server-is-optional', 'src/menus/menus.service.ts', 'src/platform/server/index.ts'],
  ['serving-through-its-door', 'src/inference/predict.ts', 'src/serving/pipeline/steps.ts'],
  ['serving-knows-only-the-platform', 'src/serving/pipeline/steps.ts', 'src/menus/index.ts'],
  ['serving-runs-without-the-application', 'src/serving/pipeline/steps.ts', 'src/platform/health/index.ts'],
  ['serving-does-not-import-its-door', 'src/serving/pipeline/steps.ts', 'src/serving/index.ts'],
  ['serving-reference-depends-downwards', 'src/serving/reference/verify.ts', 'src/serving/repository/model.ts'],
  ['serving-pipeline-depends-downwards', 'src/serving/pipeline/pipeline.ts', 'src/serving/repository/model.ts'],
  ['serving-batching-depends-downwards', 'src/serving/batching/batch-queue.ts', 'src/serving/pipeline/pipeline.ts'],
  ['serving-stats-depends-downwards', 'src/serving/stats/model-stats.ts', 'src/serving/batching/batch-queue.ts'],
  ['serving-runtime-depends-downwards', 'src/serving/runtime/runtime.ts', 'src/serving/stats/model-stats.ts'],
  ['serving-graph-depends-downwards', 'src/serving/graph/graph.ts', 'src/serving/runtime/runtime.ts'],
  ['serving-images-depends-downwards', 'src/serving/images/image.ts', 'src/serving/graph/graph.ts'],
  ['serving-signature-depends-downwards', 'src/serving/signature/tensor.ts', 'src/serving/images/image.ts'],
  ['serving-manifest-depends-downwards', 'src/serving/manifest/read-manifest.ts', 'src/serving/signature/tensor.ts'],
  ['serving-doors-do-not-know-each-other', 'src/open-inference/infer.ts', 'src/prediction-jobs/index.ts'],
  ['model-pages-show-results-of-jobs', 'src/model-pages/model-page.ts', 'src/open-inference/index.ts'],
  ['command-line-is-imported-by-nothing', 'src/home/home-page.ts', 'src/cli/model/describe-model.ts'],
  ['composition-through-doors', 'src/main.ts', 'src/menus/menus.service.ts'],
  ['composition-through-doors', 'ormconfig.ts', 'src/auth/entities/member.entity.ts'],
  ['rooms-do-not-compose', 'src/home/home-page.ts', 'src/app.module.ts'],
  ['door-hides-entities', 'src/auth/index.ts', 'src/auth/entities/member.entity.ts'],
  ['door-opens-one-room', 'src/auth/index.ts', 'src/menus/index.ts'],
  ['no-cycles', 'src/menus/menus.ts', 'src/menus/price.ts'],
  ['no-orphans', 'src/menus/orphan.ts', 'src/menus/orphan.ts'],
  ['no-unreachable', 'src/menus/orphan.ts', 'src/menus/orphan.ts'],
  ['no-unreachable', 'src/menus/unreachable.ts', 'src/menus/unreachable.ts'],
  ['product-without-tests', 'src/home/home-page.ts', 'test/helper.ts'],
  ['product-without-dev-dependencies', 'src/home/home-page.ts', 'node_modules/prettier/index.d.ts'],
  ['resolvable', 'src/home/home-page.ts', './nowhere.js'],
  ['listed-in-package-json', 'src/home/home-page.ts', 'node_modules/express/index.js'],
] as const;

/**
 * Words that no engineer of the field would search for, and the standard terms. Brackets keep a pattern from finding
 * itself. Only the whole word counts, so that `roundsOf` or ordinary lower-case English stays possible.
 */
const PRIVATE_WORDS: readonly (readonly [pattern: RegExp, term: string])[] = [
  [/\bdem[a]nd[A-Z]\w*\(/, 'require…'],
  [/\b(?:class|new|interface) Exch[a]nge\b/, 'HttpContext'],
  [/\bTr[a]ffic\b/, 'ConnectionTracker'],
  [/\bRost[e]r\b/, 'InFlightSet'],
  [/\bArriv[a]ls\b/, 'ConnectionGate'],
  [/\b[cC]r[o]wd\b/, 'burst'],
  [/\bdep[a]rt(?:ures)?\b/, 'ResponseQueue'],
  [/\bVisit[o]rs?\b/, 'PendingRequest'],
  [/\b[sS]urv[e]y\b/, 'scanInput'],
  [/\bRo[u]nds\b/, 'PeriodicTask'],
  [/\bnudg[e]\b/, 'wake'],
  [/\b\w*L[a]nes\b/, 'ConcurrencyLimiter'],
  [/\bPl[a]ces\b/, 'Reservation'],
  [/\bSh[e]lf\b/, 'ModelEntry'],
  [/\btaken[U]p\b/, 'appliedFingerprint'],
  [/\b(?:class|interface|new) H[o]ld\b/, 'Lease'],
  [/\bfruitl[e]ss\b/, 'attemptsWithoutProgress'],
  [/\bworn[O]ut\b/, 'maxAttemptsExceeded'],
  [/\bVerd[i]ct\b/, 'RetryDecision'],
  [/\bAl[a]rm\b/, 'DeadlineTimer'],
  [/\bpat[i]ently\b/, 'withRetry'],
  [/\bdisagr[e]ement\b/, 'mismatch'],
  [/\b[kK]ept-?[hH]e[a]ds?\b/, 'headerCache'],
  [/\bwith[o]ut-?[mM]ark\b/, 'stripBom'],
  [/\b(?:in[W]ords|words[O]f|words[F]or)\b/, 'describe… or format…'],
  [/\bend[S]tart\b/, 'abortStartup'],
];

/** Folders of `test/` that are not named after a folder of `src/`; `output` is ignored by Git. */
const NOT_ROOMS = ['fixtures', 'output', 'project', 'resilience', 'support'];

describe('npm run walls', () => {
  describe('on this code base', () => {
    let cruise: Cruise;

    beforeAll(async () => {
      cruise = await cruiseIn(ROOT);
    });

    it('finds no violation', () => {
      expect(cruise.summary.violations.map(describeViolation)).toEqual([]);
    });

    it('checks every relative import', () => {
      const seen = cruise.modules.filter(({ source }) => source.startsWith('src/')).map(relativeImportsSeen);
      expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(sourceFiles().map(relativeImportsWritten)));
    });

    it.each(forbidden)('finds files on both sides of the rule $name', ({ from, to }) => {
      const files = ['ormconfig.ts', ...filesIn('src'), ...filesIn('scripts')];
      const sides = [from.path ?? [], to.path ?? []].flat().map((pattern) => pattern.replaceAll('$1', '[^/]+'));
      expect(sides.filter((pattern) => !files.some((file) => new RegExp(pattern).test(file)))).toEqual([]);
    });

    it('orders every room of serving/ by its dependencies', () => {
      const levels = forbidden.flatMap(({ name }) => /^serving-(\w+)-depends-downwards$/.exec(name)?.slice(1) ?? []);
      expect(['repository', ...levels].sort()).toEqual(foldersIn('src/serving'));
    });
  });

  describe('on a tree that breaks every rule', () => {
    let violations: readonly Violation[];

    beforeAll(async () => {
      violations = (await cruiseIn(BAD_WALLS)).summary.violations;
    });

    it.each(BAD_IMPORTS)('reports %s from %s to %s', (rule, from, to) => {
      expect(violations.map(describeViolation)).toContain(describeViolation({ rule: { name: rule }, from, to }));
    });

    it('has an example of a violation for every rule', () => {
      const rules = forbidden.map(({ name }) => name).sort();
      expect([...new Set(BAD_IMPORTS.map(([rule]) => rule))].sort()).toEqual(rules);
    });

    it('reports no other import', () => {
      const listed = BAD_IMPORTS.map(([rule, from, to]) => describeViolation({ rule: { name: rule }, from, to }));
      expect(violations.map(describeViolation).sort()).toEqual(listed.sort());
    });

    it('exits with the number of violations', async () => {
      const { code } = await runWalls(BAD_WALLS);
      expect(code).toBe(BAD_IMPORTS.length);
    });
  });
});

describe('test/', () => {
  it('mirrors the rooms of src/, src/platform/ and src/serving/', () => {
    const rooms = foldersIn('test').filter((name) => !NOT_ROOMS.includes(name));
    const inside = ['platform', 'serving'].flatMap((room) =>
      foldersIn(`test/${room}`).map((name) => `${room}/${name}`),
    );
    expect([...rooms, ...inside].filter((room) => !existsSync(join(ROOT, 'src', room)))).toEqual([]);
  });
});

describe('src/', () => {
  it('reads process.env in src/platform/config alone', () => {
    expect(filesWith(/\bprocess\.env\b|\benv\b.*from 'node:process'/)).toEqual([
      'src/platform/config/environment-variables.ts',
    ]);
  });

  it('never lets TypeORM change the schema by itself', () => {
    expect(filesWith(/synchronize\s*:(?!\s*false)/)).toEqual([]);
  });

  it('has an index.ts in every room but the command line', () => {
    const features = foldersIn('src').filter((name) => !['cli', 'platform'].includes(name));
    const rooms = [...features, ...foldersIn('src/platform').map((name) => `platform/${name}`)];
    expect(rooms.filter((room) => !existsSync(join(ROOT, 'src', room, 'index.ts')))).toEqual([]);
  });

  it('has no file of more than 300 lines', () => {
    expect(sourceFiles().filter((file) => linesOf(file) > 300)).toEqual([]);
  });
});

describe('the vocabulary of src/, test/ and docs/', () => {
  it.each(PRIVATE_WORDS)('does not use %s, but the standard term %s', (pattern) => {
    expect(wordedFiles().filter((file) => pattern.test(read(file)))).toEqual([]);
  });
});

describe('docs/', () => {
  it('explains every dependency in dependencies.md, and no other package', () => {
    const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<string, object>;
    const [used = ''] = read('docs/dependencies.md').split('## Not taken');
    const listed = [...used.matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => name);
    expect(listed).toEqual([...Object.keys({ ...dependencies }), ...Object.keys({ ...devDependencies })]);
  });

  it('finds every setting of src/ explained in .env.example', () => {
    const explained = new Set([...read('.env.example').matchAll(/^#([A-Z_]+)=/gm)].map(([, name]) => name));
    const settings = sourceFiles().flatMap((file) => [...read(file).matchAll(/\benv(?:\.\w+\(|, )'([A-Z_]+)'/g)]);
    const names = [...new Set(settings.map(([, name]) => name))];
    expect(names.length).toBeGreaterThan(15);
    expect(names.filter((name) => !explained.has(name))).toEqual([]);
  });

  it('lists every decision in adr/README.md', () => {
    const pages = readdirSync(join(ROOT, 'docs/adr')).filter((file) => /^\d{4}-.*\.md$/.test(file));
    const linked = [...read('docs/adr/README.md').matchAll(/\]\((\d{4}-[^)]+)\)/g)].map(([, file]) => file);
    expect(linked).toEqual(pages.sort());
  });
});

async function cruiseIn(folder: string): Promise<Cruise> {
  const { stdout, stderr } = await runWalls(folder, '--output-type', 'json');
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Cruise;
}

/** Runs the command of `npm run walls` in another folder. Without an output type, its exit code counts the errors. */
function runWalls(folder: string, ...options: string[]): Promise<Finished> {
  const [, ...args] = WALLS.replace('.dependency-cruiser.cjs', RULES).split(' ');
  const cruiser = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  return run(process.execPath, [cruiser, ...args, ...options], { cwd: folder });
}

function describeViolation({ rule, from, to }: Violation): string {
  return `${rule.name}: ${from} → ${to.replace(/^.*(?=node_modules\/)/, '')}`;
}

type Imports = [file: string, imports: string[]];

function relativeImportsSeen({ source, dependencies }: Cruise['modules'][number]): Imports {
  const imports = dependencies.map(({ resolved }) => resolved).filter((path) => path.startsWith('src/'));
  return [source, [...new Set(imports)].sort()];
}

function relativeImportsWritten(file: string): Imports {
  const written = read(file).matchAll(/(?:from |import[ (])'(\.{1,2}\/[^']+)\.js'/g);
  const imports = [...written].map(([, path = '']) => `${join(file, '..', path)}.ts`);
  return [file, [...new Set(imports)].sort()];
}

function sourceFiles(): string[] {
  return filesIn('src').filter((file) => file.endsWith('.ts'));
}

/** All source files and documents, except the decisions, which are not edited, and this file. */
function wordedFiles(): string[] {
  const files = ['src', 'test', 'docs'].flatMap(filesIn).filter((file) => /\.(?:ts|md)$/.test(file));
  const isWorded = (file: string): boolean => !/^docs\/adr\/|architecture\.spec\.ts$|node_modules/.test(file);
  return ['README.md', 'CONTRIBUTING.md', ...files].filter(isWorded);
}

function filesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file}`);
}

/** Without folders that Git has left behind because they were empty or held ignored files. */
function foldersIn(folder: string): string[] {
  const entries = readdirSync(join(ROOT, folder), { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return folders.filter((name) => filesIn(`${folder}/${name}`).some((file) => file.endsWith('.ts')));
}

function filesWith(pattern: RegExp): string[] {
  return sourceFiles().filter((file) => pattern.test(withoutComments(read(file))));
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
}

function linesOf(file: string): number {
  return read(file).trimEnd().split('\n').length;
}
