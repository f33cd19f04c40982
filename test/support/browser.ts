import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const NOT_FOUND = 'no Chromium was found (Debian: chromium; or set CHROMIUM_PATH to its program)';

/** The reason to skip tests in a browser; undefined if Chromium is installed. */
export function browserUnavailableReason(): string | undefined {
  return findChromium() === undefined ? NOT_FOUND : undefined;
}

/** A headless Chromium. */
export class TestBrowser {
  private browser: Browser | undefined;

  /** @param flags further flags of Chromium */
  async launch(flags: readonly string[] = []): Promise<void> {
    const executablePath = findChromium();
    if (executablePath === undefined) throw new Error(NOT_FOUND);
    this.browser = await chromium.launch({ executablePath, args: [...FLAGS, ...flags] });
  }

  /** Opens a page in a new profile. `pageErrors` collects console errors, policy violations and failed requests. */
  async newPage(profile: BrowserContextOptions = {}): Promise<{ page: Page; pageErrors: string[] }> {
    const context = await this.browser!.newContext(profile);
    const page = await context.newPage();
    const pageErrors: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') pageErrors.push(message.text());
    });
    page.on('pageerror', (error) => pageErrors.push(error.message));
    page.on('requestfailed', (request) => pageErrors.push(`${request.url()} ${request.failure()?.errorText}`));
    return { page, pageErrors };
  }

  async close(): Promise<void> {
    await this.browser?.close();
  }
}

function findChromium(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const candidates = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return [process.env.CHROMIUM_PATH, ...candidates].find((path) => path !== undefined && existsSync(path));
}
