// Puts the built application and the packages it uses into one file, dist/bundle/serve.js, and beside it main.js, which listens
// for signals and then loads it: Node reads one file instead of some 2,500, which is most of what a start takes. Names are kept and nothing is minified, so stack traces stay readable.
import { Buffer } from 'node:buffer';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = join(root, 'dist/src');

/** Packages that hold native code or files of their own, or are loaded only when they are needed. */
const LEFT_OUTSIDE = [
  'better-sqlite3',
  'onnxruntime-node',
  '@node-rs/argon2',
  'swagger-ui-dist',
  'pino-pretty',
  'pg',
  'sharp',
];

/** What `database/import-classes.js` would find by looking through the folders, as imports. */
const discovered = {
  name: 'discovered classes',
  setup({ onLoad }) {
    onLoad({ filter: /[/\\]dist[/\\]src[/\\]platform[/\\]database[/\\]import-classes\.js$/ }, () => {
      const files = readdirSync(source, { recursive: true })
        .filter((file) => /[/\\](entities|migrations)[/\\][\w.-]+\.js$/.test(file))
        .sort();
      const contents = [
        ...files.map((file, index) => `import * as m${index} from ${JSON.stringify(join(source, file))};`),
        `const modules = [${files.map((file, index) => `[${JSON.stringify(`/${file}`)}, m${index}]`).join(', ')}];`,
        'export async function importClasses(pattern) {',
        '  const found = modules.filter(([file]) => pattern.test(file)).flatMap(([, module]) => Object.values(module));',
        "  return found.filter((value) => typeof value === 'function');",
        '}',
      ];
      return { contents: contents.join('\n'), resolveDir: source };
    });
  },
};

/** Packages that a library would use if they were installed, and does without when they are not. */
const optional = {
  name: 'optional packages',
  setup({ onResolve, resolve }) {
    const builtin = new Set(builtinModules);
    onResolve({ filter: /^[\w@]/ }, async ({ path, pluginData, ...args }) => {
      if (pluginData === optional || path.startsWith('node:') || builtin.has(path)) return undefined;
      const result = await resolve(path, { ...args, pluginData: optional });
      return result.errors.length > 0 ? { path, external: true } : result;
    });
  },
};

/** Stacks show lines of `src/`, and of packages the file alone: a map with their lines too is four times as large. */
const NO_MAP = '{"version":3,"sources":[""],"mappings":"AAAA"}';
const unmapped = {
  name: 'packages without source map',
  setup({ onLoad }) {
    onLoad({ filter: /[/\\]node_modules[/\\].*\.[cm]?js$/ }, ({ path }) => {
      const comment = `//# sourceMappingURL=data:application/json;base64,${Buffer.from(NO_MAP).toString('base64')}`;
      return { contents: `${readFileSync(path, 'utf8')}\n${comment}`, loader: 'default' };
    });
  },
};

const target = join(root, 'dist/bundle');
// A program that is started meanwhile finds the whole of the old bundle or of the new one.
const making = `${target}.${process.pid}`;
const outfile = join(making, 'serve.js');
const options = { bundle: true, platform: 'node', format: 'esm', target: 'node20', logLevel: 'error' };

await build({
  ...options,
  entryPoints: [join(source, 'serve.js')],
  outfile,
  keepNames: true,
  external: LEFT_OUTSIDE,
  plugins: [discovered, optional, unmapped],
  sourcemap: 'linked',
  sourcesContent: false,
  define: { BARISTA_SOURCE_ROOT: '"../src/"' },
  // CommonJS packages expect these three.
  banner: {
    js: [
      "import { createRequire as createRequireOfBundle } from 'node:module';",
      'const require = createRequireOfBundle(import.meta.url);',
      "const __filename = new URL(import.meta.url).pathname, __dirname = new URL('.', import.meta.url).pathname;",
    ].join('\n'),
  },
});

// Classes keep their names, for Nest, TypeORM and Swagger. What esbuild would do for that to each function too, whenever one
// is made, takes a tenth of the time of a request.
const NAMING = 'var __name = (target, value) => __defProp(target, "name", { value, configurable: true });';
const text = readFileSync(outfile, 'utf8');
if (!text.includes(NAMING)) throw new Error('esbuild names things in another way now: see scripts/bundle.mjs');
writeFileSync(
  outfile,
  text
    .replaceAll('__name(this, ', '__nameClass(this, ')
    .replace(NAMING, `${NAMING.replace('__name', '__nameClass')} var __name = (target) => target;`),
);

await build({
  ...options,
  stdin: { contents: "import './scripts/bundled-stacks.mjs';\nimport './dist/src/main.js';", resolveDir: root },
  outfile: join(making, 'main.js'),
  external: ['./serve.js'],
});

mkdirSync(target, { recursive: true });
// The last one tells that there is a build.
for (const file of ['serve.js.map', 'serve.js', 'main.js']) renameSync(join(making, file), join(target, file));
rmSync(making, { recursive: true });
