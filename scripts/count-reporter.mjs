import { appendFileSync } from 'node:fs';

/** Appends one line a run, `<passed> <failed>`, to the file named by `TEST_COUNTS`. A file that cannot run has failed. */
export default class CountReporter {
  onRunComplete(_, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    appendFileSync(process.env.TEST_COUNTS, `${results.numPassedTests} ${failed}\n`);
  }
}
