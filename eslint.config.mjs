import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import prettier from 'eslint-config-prettier';
import jest from 'eslint-plugin-jest';
import tseslint from 'typescript-eslint';

/** Rules of this code base that no plugin knows; each message says what to write instead. */
const OURS = [
  {
    selector: 'ExportDefaultDeclaration',
    message: 'Export by name, so that everybody calls it the same. Only configuration files export a default.',
  },
  {
    selector: "Property[key.name='synchronize'][value.value=true]",
    message:
      'Write a migration (npm run migration:generate): `synchronize` drops columns, and their data, on a rename.',
  },
];

const OURS_IN_SRC = [
  {
    selector: "MemberExpression[object.name='process'][property.name='env']",
    message: 'Read it in a settings class registered with SettingsModule.forFeature, so that it is validated at start.',
  },
  {
    selector: "CallExpression[callee.property.name='transaction']",
    message: 'Write through UnitOfWork.run: on SQLite a transaction of your own joins those of strangers.',
  },
];

const FORBIDDEN_IMPORTS = [
  {
    name: '@nestjs/common',
    importNames: ['forwardRef'],
    message: 'Two rooms that need each other are one room, or lack a third: move what both need.',
  },
  { name: 'node:process', message: 'Use the global `process`; its variables are read by src/platform/config alone.' },
];

const BROWSER_GLOBALS = [
  'AbortController',
  'DOMParser',
  'EventSource',
  'FormData',
  'URLSearchParams',
  'document',
  'fetch',
];

const DEFAULT_EXPORTS = ['*.config.mjs', 'ormconfig.ts', 'scripts/count-reporter.mjs', 'scripts/jest/*.mjs'];

export default defineConfig(
  globalIgnores([
    'dist',
    'data',
    'coverage',
    'test/fixtures',
    'test/output',
    '**/.venv',
    'bench/.venvs',
    'bench/target',
  ]),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      'no-restricted-imports': ['error', { paths: FORBIDDEN_IMPORTS }],
      'no-restricted-syntax': ['error', ...OURS],
      // `import type` of an injected class would leave Nest without its token: imports stay as they are written.
      '@typescript-eslint/consistent-type-imports': 'off',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      // A Nest module is a class with nothing but its decorator.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      // DTO classes have no methods to lose, and `[...text]` is how code points are counted.
      '@typescript-eslint/no-misused-spread': 'off',
      // Controllers answer plain objects in the shape of their DTO.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // It does not know that `this.isStopping` may have changed during an await.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // A type alias has an index signature, an interface has not.
      '@typescript-eslint/consistent-type-definitions': 'off',
      // An empty text is as good as none, often.
      '@typescript-eslint/prefer-nullish-coalescing': ['error', { ignorePrimitives: { string: true } }],
      // After a check that the compiler cannot follow, `!` says so in one character.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // `.catch((error: NodeJS.ErrnoException) => …)` reads better than a cast inside.
      '@typescript-eslint/use-unknown-in-catch-callback-variable': 'off',
      '@typescript-eslint/no-floating-promises': ['error', { checkThenables: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      // A callback's error is passed on as it is.
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      // Arrow functions that pass a call's `void` on read better without braces.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  {
    files: ['src/**/*.ts', 'ormconfig.ts'],
    rules: { 'no-restricted-syntax': ['error', ...OURS, ...OURS_IN_SRC] },
  },
  {
    files: ['src/platform/config/environment-variables.ts', 'src/platform/database/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', ...OURS] },
  },
  {
    files: ['test/**/*.ts', 'bench/**/*.ts'],
    rules: {
      // The body of an answer is `any`: what is in it is what the test asserts.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unnecessary-type-assertion': 'off',
      '@typescript-eslint/restrict-plus-operands': ['error', { allowAny: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowAny: true, allowNumber: true }],
      '@typescript-eslint/explicit-module-boundary-types': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    files: ['test/**/*.spec.ts'],
    extends: [jest.configs['flat/recommended'], jest.configs['flat/style']],
    rules: {
      'jest/expect-expect': ['error', { assertFunctionNames: ['expect*', 'fc.assert', 'it*'] }],
      'jest/no-conditional-expect': 'error',
      'jest/no-disabled-tests': 'error',
      'jest/no-focused-tests': 'error',
      'jest/no-standalone-expect': ['error', { additionalTestBlockFunctions: ['afterEach', 'afterAll'] }],
      'jest/no-restricted-jest-methods': [
        'error',
        {
          mock: 'It does nothing to an ES module; use overrideProvider on the seam.',
          unstable_mockModule: 'Use overrideProvider on the seam.',
        },
      ],
    },
  },
  {
    files: ['test/support/**/*.ts'],
    // What several test files share, tests included, is exported.
    rules: { 'jest/no-export': 'off' },
  },
  {
    files: ['**/*.mjs', '**/*.cjs'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } },
    rules: { 'no-console': 'off', '@typescript-eslint/explicit-module-boundary-types': 'off' },
  },
  {
    // They run in browsers.
    files: ['src/platform/pages/assets/*.js'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: {
      globals: Object.fromEntries(BROWSER_GLOBALS.map((name) => [name, 'readonly'])),
    },
    rules: { '@typescript-eslint/explicit-module-boundary-types': 'off' },
  },
  {
    files: ['bench/**/*.mjs'],
    languageOptions: { globals: { fetch: 'readonly', setTimeout: 'readonly', Buffer: 'readonly' } },
  },
  {
    files: ['**/*.cjs'],
    languageOptions: { sourceType: 'commonjs', globals: { __dirname: 'readonly' } },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  { files: DEFAULT_EXPORTS, rules: { 'no-restricted-syntax': 'off' } },
  prettier,
);
