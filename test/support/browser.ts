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
const NOT_FOUND = 'No Chromium found: install it (apt-get install chromium) or set CHROMIUM_PATH to its program.';

/**
 * Whether there is a Chromium to test with. Where there is none, this says so and the caller skips; in CI, where nobody
 * reads that, the launch fails instead.
 */
export function hasBrowser(): boolean {
  if (findChromium() !== undefined || process.env.CI === 'true') return true;
  process.stderr.write(`${NOT_FOUND} Tests of pages are skipped.\n`);
  return false;
}

/** A headless Chromium. */
export class TestBrowser {
  private browser: Browser | undefined;

  /** @param flags of Chromium, beside those that every test needs */
  async launch(flags: readonly string[] = []): Promise<void> {
    const executablePath = findChromium();
    if (executablePath === undefined) throw new Error(NOT_FOUND);
    this.browser = await chromium.launch({ executablePath, args: [...FLAGS, ...flags] });
  }

  /** A page of a new profile, and what goes wrong in it: console errors, broken policies and failed loads. */
  async newPage(profile: BrowserContextOptions = {}): Promise<{ page: Page; complaints: string[] }> {
    const context = await this.browser!.newContext(profile);
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('requestfailed', (request) => complaints.push(`${request.url()} ${request.failure()?.errorText}`));
    return { page, complaints };
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
