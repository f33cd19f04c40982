import { availableParallelism } from 'node:os';

/** Tests run against what was built: imports of `src/` in a test are resolved to `dist/src/`. */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '<rootDir>/scripts/jest-typescript.mjs' },
  moduleNameMapper: {
    '^(?:\\.{1,2}/)+(src/.*|ormconfig)\\.js$': '<rootDir>/dist/$1.js',
    '^(\\.{1,2}/(?!.*(?:node_modules|dist)).*)\\.js$': '$1',
  },
  testTimeout: 30_000,
  // Much of the time is waiting for processes: on two processors, two test files at once take three quarters of the time.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  // For .ci/run, which adds up the counts of all runs.
  reporters: ['default', ...(process.env.TEST_COUNTS ? ['<rootDir>/scripts/count-reporter.mjs'] : [])],
};
