import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

const SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/**
 * What keeps people from using the page as it is shown now, by the rules of axe-core: one line for each. The rules get in
 * through the debugger, so that the content security policy stays as it is.
 */
export async function accessibilityViolations(page: Page): Promise<string[]> {
  const debug = await page.context().newCDPSession(page);
  await debug.send('Runtime.evaluate', { expression: SOURCE });
  const run = { expression: 'axe.run()', awaitPromise: true, returnByValue: true };
  const { result } = await debug.send('Runtime.evaluate', run);
  await debug.detach();
  const { passes, violations } = result.value as AxeResults;
  if (passes.length === 0) throw new Error('axe-core has looked at nothing.');
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
}
