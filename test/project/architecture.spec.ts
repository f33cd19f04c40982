import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ROOT, run } from '../support/project.js';

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
const { forbidden } = createRequire(import.meta.url)(RULES) as { forbidden: { name: string }[] };

const FOUND_IN_BAD_WALLS = [
  ['feature-through-its-door', 'src/menus/menus.service.ts', 'src/auth/entities/member.entity.ts'],
  ['platform-room-through-its-door', 'src/menus/menus.service.ts', 'src/platform/http/http.settings.ts'],
  ['platform-knows-no-feature', 'src/platform/http/http.settings.ts', 'src/menus/index.ts'],
  ['composition-through-doors', 'src/main.ts', 'src/menus/menus.service.ts'],
  ['rooms-do-not-compose', 'src/menus/menus.service.ts', 'src/main.ts'],
  ['door-hides-entities', 'src/auth/index.ts', 'src/auth/entities/member.entity.ts'],
  ['door-opens-one-room', 'src/auth/index.ts', 'src/menus/index.ts'],
  ['no-cycles', 'src/main.ts', 'src/menus/menus.service.ts'],
  ['no-cycles', 'src/menus/price.ts', 'src/menus/the-menus.ts'],
  ['no-orphans', 'src/menus/alone.ts', 'src/menus/alone.ts'],
  ['no-unreachable', 'src/menus/island.ts', 'src/menus/island.ts'],
  ['product-without-tests', 'src/menus/menus.service.ts', 'test/helper.ts'],
  ['product-without-dev-dependencies', 'src/menus/menus.service.ts', 'node_modules/prettier'],
  ['resolvable', 'src/menus/menus.service.ts', './nowhere.js'],
  ['listed-in-package-json', 'src/menus/menus.service.ts', 'node_modules/express'],
] as const;

describe('walls', () => {
  describe('of this code base', () => {
    let cruise: Cruise;

    beforeAll(async () => {
      cruise = await cruiseIn(ROOT, ['src', 'ormconfig.ts']);
    });

    it('stand', () => {
      expect(cruise.summary.violations.map(inWords)).toEqual([]);
    });

    it('are checked on every import there is', () => {
      const seen = cruise.modules.filter(({ source }) => source.startsWith('src/')).map(relativeImportsSeen);
      expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(sourceFiles().map(relativeImportsWritten)));
    });
  });

  describe('of a tree that breaks them all', () => {
    let violations: readonly Violation[];

    beforeAll(async () => {
      violations = (await cruiseIn(BAD_WALLS, ['src'])).summary.violations;
    });

    it.each(FOUND_IN_BAD_WALLS)('%s is found in %s, to %s', (rule, from, to) => {
      const found = violations.filter((violation) => violation.rule.name === rule && violation.from === from);
      expect(found.map((violation) => violation.to)).toContainEqual(expect.stringContaining(to));
    });

    it('has an example for each rule', () => {
      const rules = forbidden.map(({ name }) => name).sort();
      expect([...new Set(FOUND_IN_BAD_WALLS.map(([rule]) => rule))].sort()).toEqual(rules);
    });
  });
});

describe('source', () => {
  it('reads process.env in src/platform/config alone', () => {
    expect(filesWith(/\bprocess\.env\b|\benv\b.*from 'node:process'/)).toEqual([
      'src/platform/config/process-variables.ts',
    ]);
  });

  it('never lets TypeORM change the schema by itself', () => {
    expect(filesWith(/synchronize\s*:(?!\s*false)/)).toEqual([]);
  });

  it('has a door in every room', () => {
    const rooms = readdirSync(join(ROOT, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const doorless = rooms.filter(({ name }) => !existsSync(join(ROOT, 'src', name, 'index.ts')));
    expect(doorless.map(({ name }) => name)).toEqual([]);
  });

  it('has no file of more than 300 lines', () => {
    expect(sourceFiles().filter((file) => linesOf(file) > 300)).toEqual([]);
  });
});

describe('documents', () => {
  it('have a line for each dependency, and for no other', () => {
    const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<string, object>;
    const [used = ''] = read('docs/dependencies.md').split('## Not taken');
    const listed = [...used.matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => name);
    expect(listed).toEqual([...Object.keys({ ...dependencies }), ...Object.keys({ ...devDependencies })]);
  });

  it('explain each setting that is read in .env.example', () => {
    const explained = new Set([...read('.env.example').matchAll(/^#([A-Z_]+)=/gm)].map(([, name]) => name));
    const settings = sourceFiles().flatMap((file) => [...read(file).matchAll(/\benv(?:\.\w+\(|, )'([A-Z_]+)'/g)]);
    const names = [...new Set(settings.map(([, name]) => name))];
    expect(names.length).toBeGreaterThan(15);
    expect(names.filter((name) => !explained.has(name))).toEqual([]);
  });

  it('list each decision', () => {
    const pages = readdirSync(join(ROOT, 'docs/adr')).filter((file) => /^\d{4}-.*\.md$/.test(file));
    const linked = [...read('docs/adr/README.md').matchAll(/\]\((\d{4}-[^)]+)\)/g)].map(([, file]) => file);
    expect(linked).toEqual(pages.sort());
  });
});

/** The check of `npm run walls`, in another folder. */
async function cruiseIn(folder: string, paths: string[]): Promise<Cruise> {
  const cruiser = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = [cruiser, '--config', RULES, '--output-type', 'json', ...paths];
  const { stdout, stderr } = await run(process.execPath, args, { cwd: folder });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Cruise;
}

function inWords({ rule, from, to }: Violation): string {
  return `${rule.name}: ${from} → ${to}`;
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
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' });
  return files.filter((file) => file.endsWith('.ts')).map((file) => `src/${file}`);
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
