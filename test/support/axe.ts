import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

const SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/**
 * The accessibility violations of axe-core on the page as it is shown now, one line each. axe-core is injected through the debugger,
 * so that the content security policy need not allow it.
 */
export async function accessibilityViolations(page: Page): Promise<string[]> {
  const debug = await page.context().newCDPSession(page);
  await debug.send('Runtime.evaluate', { expression: SOURCE });
  const run = { expression: 'axe.run()', awaitPromise: true, returnByValue: true };
  const { result } = await debug.send('Runtime.evaluate', run);
  await debug.detach();
  const { passes, violations } = result.value as AxeResults;
  if (passes.length === 0) throw new Error('axe-core ran no rules.');
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
}
