import { availableParallelism } from 'node:os';

/** Tests run against what was built, in `dist/`, and Node loads both: see scripts/jest/runner.mjs. */
const project = {
  roots: ['<rootDir>/test'],
  testEnvironment: '<rootDir>/scripts/jest/environment.mjs',
  testRunner: '<rootDir>/scripts/jest/runner.mjs',
  transform: {},
};

export default {
  // `npm test -- --selectProjects tests` leaves the attacks out, which take most of the time; npm test runs both.
  projects: [
    { ...project, displayName: 'tests', testMatch: ['**/*.spec.ts'], testPathIgnorePatterns: ['/test/resilience/'] },
    { ...project, displayName: 'attacks', testMatch: ['**/test/resilience/**/*.spec.ts'] },
  ],
  globalSetup: '<rootDir>/scripts/jest/build-tests.mjs',
  testTimeout: 30_000,
  // Much of the time is waiting for processes: on two processors, two test files at once take three quarters of the time.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  // Node keeps the modules of each test file: a worker that has grown gives way to a new one.
  workerIdleMemoryLimit: '1GB',
  // For .ci/run, which adds up the counts of all runs.
  reporters: ['default', ...(process.env.TEST_COUNTS ? ['<rootDir>/scripts/count-reporter.mjs'] : [])],
};
