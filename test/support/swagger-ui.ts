import type { Locator, Page } from 'playwright-core';

/** A response as Swagger UI shows it under "Server response". */
export interface DisplayedResponse {
  /** `200`, or `200 Undocumented`. */
  readonly status: string;
  readonly text: string;
}

/** Drives Swagger UI as a user does: opens an operation, clicks "Try it out" and "Execute", and reads the response. */
export class SwaggerUi {
  constructor(private readonly page: Page) {}

  /** @param fill path parameters by name; other inputs keep the values of the page */
  async execute(method: string, path: string, fill: Readonly<Record<string, string>> = {}): Promise<DisplayedResponse> {
    const operation = this.operation(method, path);
    if (!(await operation.locator('.opblock-body').isVisible())) {
      await operation.locator('.opblock-summary-control').click();
      await operation.getByRole('button', { name: 'Try it out' }).click();
    }
    for (const [name, value] of Object.entries(fill)) {
      await operation.locator(`tr[data-param-name="${name}"] input`).fill(value);
    }
    const responded = this.page.waitForResponse((response) => response.request().method() === method);
    await operation.getByRole('button', { name: 'Execute' }).click();
    await responded;
    return displayedResponse(operation.locator('.live-responses-table'));
  }

  private operation(method: string, path: string): Locator {
    const summary = this.page.locator(`.opblock-summary-path[data-path="${path}"]`);
    return this.page.locator(`.opblock-${method.toLowerCase()}`, { has: summary });
  }
}

async function displayedResponse(table: Locator): Promise<DisplayedResponse> {
  const status = table.locator('.response .response-col_status');
  await status.waitFor();
  const body = table.locator('.response-col_description .highlight-code pre');
  const text = (await body.count()) > 0 ? await body.first().innerText() : '';
  return { status: (await status.innerText()).trim().replace(/\s+/g, ' '), text };
}
