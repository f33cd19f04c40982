import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';

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
 * A `describe` whose tests open pages in a headless Chromium. Where there is none, it says so and is skipped; CI, where
 * nobody reads that, fails.
 */
export function describeInBrowser(name: string, tests: (browser: OpenBrowser) => void): void {
  const program = findChromium();
  if (program === undefined && process.env.CI !== 'true') {
    process.stderr.write(`${NOT_FOUND} Skipped: ${name}\n`);
    describe.skip(`${name} (${NOT_FOUND})`, () => tests(new OpenBrowser('')));
    return;
  }
  describe(name, () => {
    const browser = new OpenBrowser(program);
    beforeAll(() => browser.launch());
    afterAll(() => browser.close());
    tests(browser);
  });
}

/** The browser of one `describe`. */
export class OpenBrowser {
  private browser: Browser | undefined;

  constructor(private readonly program: string | undefined) {}

  async launch(): Promise<void> {
    if (this.program === undefined) throw new Error(NOT_FOUND);
    this.browser = await chromium.launch({ executablePath: this.program, args: FLAGS });
  }

  /** A page of a new profile, and what goes wrong in it: console errors, broken policies and failed loads. */
  async newPage(): Promise<{ page: Page; complaints: string[] }> {
    const context = await this.browser!.newContext();
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
