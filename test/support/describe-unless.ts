/**
 * `describe` for tests that need something of the machine, such as a PostgreSQL installation. Without it the tests are skipped
 * and the reason goes to stderr; with `CI=true` it throws instead, because nobody reads that output.
 *
 * @param unmetRequirement what is missing; undefined if nothing is
 */
export function describeUnless(unmetRequirement: string | undefined): typeof describe {
  if (unmetRequirement === undefined) return describe;
  if (process.env.CI === 'true') throw new Error(`CI=true, and ${unmetRequirement}`);
  process.stderr.write(`${unmetRequirement}: what needs it is not tested here.\n`);
  return describe.skip;
}
