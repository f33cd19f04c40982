import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { accessibilityViolations } from '../support/axe.js';
import { browserUnavailableReason, TestBrowser } from '../support/browser.js';
import { TestModelStore } from '../support/model-store.js';
import { describeUnless } from '../support/describe-unless.js';
import { ROOT } from '../support/project.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const describeWhereBrowser = describeUnless(browserUnavailableReason());

const FLOWERS = 'sepal_length,sepal_width,petal_length,petal_width\n5.1,3.5,1.4,0.2\n5.9,3,5.1,1.8\n';
const NARROW = { width: 375, height: 700 };

describeWhereBrowser('pages of models in a browser', () => {
  const browser = new TestBrowser();
  let store: TestModelStore;
  let app: TestApp;

  beforeAll(async () => {
    store = await TestModelStore.create();
    await cp(join(ROOT, 'models/iris/report'), join(store.path, 'iris/report'), { recursive: true });
    await cp(join(ROOT, 'models/digits'), join(store.path, 'digits'), { recursive: true });
    await store.add('tensors', 'sum');
    await store.add('club', 'sum', { manifest: { access: 'member' } });
    app = await startTestApp({ MODELS_DIR: store.path });
    await browser.launch();
  });

  afterAll(async () => {
    await browser.close();
    await app.close();
    await store.remove();
  });

  const field = (page: Page, name: string) => page.getByRole('spinbutton', { name });

  const prediction = (page: Page) => page.locator('#ask-answer');

  describe.each(['light', 'dark'] as const)('accessibility in the %s color scheme', (colorScheme) => {
    it.each(['/models', '/models/iris', '/models/tensors', '/models/digits', '/models/club', '/models/rose'])(
      'has no violations on %s',
      async (path) => {
        const { page } = await browser.newPage({ colorScheme });
        await page.goto(app.url + path);
        await expect(accessibilityViolations(page)).resolves.toEqual([]);
      },
    );

    it('has no violations with a prediction, nor with an error', async () => {
      const { page } = await browser.newPage({ colorScheme });
      await page.goto(`${app.url}/models/iris`);
      await page.getByRole('button', { name: 'Predict', exact: true }).click();
      await prediction(page).getByText('virginica').first().waitFor();
      await expect(accessibilityViolations(page)).resolves.toEqual([]);
      await page.locator('#ask').evaluate((form) => form.setAttribute('novalidate', ''));
      await field(page, 'Petal width').fill('1000');
      await page.getByRole('button', { name: 'Predict', exact: true }).click();
      await page.getByRole('alert').waitFor();
      await expect(accessibilityViolations(page)).resolves.toEqual([]);
    });
  });

  it.each(['/models', '/models/iris', '/models/tensors', '/models/digits'])(
    'fit a narrow screen without horizontal scrolling: %s',
    async (path) => {
      const { page } = await browser.newPage({ viewport: NARROW });
      await page.goto(app.url + path);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(NARROW.width);
    },
  );

  it('give each field an accessible name, and a description with unit and limits', async () => {
    const { page } = await browser.newPage();
    await page.goto(`${app.url}/models/iris`);
    const snapshot = await page.locator('#ask').ariaSnapshot();
    expect(snapshot).toContain('spinbutton "Petal width"');
    const ids = (await field(page, 'Petal width').getAttribute('aria-describedby'))!.split(' ');
    const described = await Promise.all(ids.map((id) => page.locator(`#${id}`).innerText()));
    expect(described).toEqual(['Width of the petal; 0 to 100', 'cm']);
  });

  it('predict by keyboard alone, without a reload, and announce the prediction', async () => {
    const { page, pageErrors } = await browser.newPage();
    await page.goto(`${app.url}/models/iris`);
    await page.evaluate('window.isStillHere = true');
    await field(page, 'Petal length').focus();
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.type('1.4');
    await page.keyboard.press('Tab');
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.type('0.2');
    await page.keyboard.press('Enter');
    await prediction(page).getByText('setosa').first().waitFor();
    await expect(prediction(page).getAttribute('aria-live')).resolves.toBe('polite');
    await expect(prediction(page).getByRole('row').first().innerText()).resolves.toMatch(/setosa\s+\d+\.\d %/);
    expect(await page.evaluate('window.isStillHere && document.activeElement.id')).toBe('value-4');
    expect(await field(page, 'Petal width').inputValue()).toBe('0.2');
    expect(page.url()).toBe(`${app.url}/models/iris`);
    expect(pageErrors).toEqual([]);
  });

  it('focus the error summary, which links to the field', async () => {
    const { page } = await browser.newPage();
    await page.goto(`${app.url}/models/iris`);
    await page.locator('#ask').evaluate((form) => form.setAttribute('novalidate', ''));
    await field(page, 'Sepal width').fill('-1');
    await page.getByRole('button', { name: 'Predict', exact: true }).click();
    await page.getByRole('alert').waitFor();
    expect(await page.evaluate('document.activeElement.className')).toBe('error-summary');
    expect(await page.title()).toBe('Error: iris – Barista');
    await page.getByRole('alert').getByRole('link').press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('value-2');
    expect(await field(page, 'Sepal width').getAttribute('aria-invalid')).toBe('true');
    await field(page, 'Sepal width').fill('3');
    await page.keyboard.press('Enter');
    await prediction(page).getByText('virginica').first().waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
    expect(await field(page, 'Sepal width').getAttribute('aria-invalid')).toBeNull();
  });

  it('predict without JavaScript', async () => {
    const { page, pageErrors } = await browser.newPage({ javaScriptEnabled: false });
    await page.goto(`${app.url}/models`);
    await page.getByRole('link', { name: 'iris' }).click();
    await field(page, 'Petal length').fill('1.4');
    await field(page, 'Petal width').fill('0.2');
    await page.getByRole('button', { name: 'Predict', exact: true }).click();
    await page.locator('.verdict').waitFor();
    expect(await page.locator('.verdict').innerText()).toBe('setosa');
    expect(await field(page, 'Petal width').inputValue()).toBe('0.2');
    await page.goto(`${app.url}/models/iris`);
    await page.getByLabel('File of rows').setInputFiles(fileOf(FLOWERS));
    await page.getByRole('button', { name: 'Show predictions' }).click();
    await page.getByText('Predictions for 2 rows').waitFor();
    expect(pageErrors).toEqual([]);
  });

  describe('form for a file of rows', () => {
    it('shows the first predictions', async () => {
      const { page, pageErrors } = await browser.newPage();
      await page.goto(`${app.url}/models/iris`);
      await page.getByLabel('File of rows').setInputFiles(fileOf(FLOWERS));
      await page.getByRole('button', { name: 'Show predictions' }).click();
      const rows = page.locator('#rows-answer').getByRole('row');
      await rows.nth(2).waitFor();
      await expect(rows.nth(1).innerText()).resolves.toMatch(/1\s+setosa\s+\d+\.\d %/);
      await expect(rows.nth(2).innerText()).resolves.toMatch(/2\s+virginica/);
      expect(page.url()).toBe(`${app.url}/models/iris`);
      await expect(accessibilityViolations(page)).resolves.toEqual([]);
      expect(pageErrors).toEqual([]);
    });

    it('downloads all predictions as CSV', async () => {
      const { page } = await browser.newPage({ acceptDownloads: true });
      await page.goto(`${app.url}/models/iris`);
      await page.getByLabel('File of rows').setInputFiles(fileOf(FLOWERS));
      const download = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Download as CSV' }).click();
      const file = await download;
      expect(file.suggestedFilename()).toBe('iris-answers.csv');
      const [header, first] = (await readFile(await file.path(), 'utf8')).split('\n');
      expect(header).toBe('row,label,probability_setosa,probability_versicolor,probability_virginica');
      expect(first).toMatch(/^1,setosa,[\d.]+,[\d.e-]+,[\d.e-]+$/);
    });

    it('reports an error with its line', async () => {
      const { page } = await browser.newPage();
      await page.goto(`${app.url}/models/iris`);
      await page.getByLabel('File of rows').setInputFiles(fileOf(FLOWERS.replace('1.8', 'wide')));
      await page.getByRole('button', { name: 'Show predictions' }).click();
      const alert = page.locator('#rows-problem').getByRole('alert');
      await alert.waitFor();
      await expect(alert.innerText()).resolves.toMatch(/3.*petal_width must be a finite number/);
    });
  });

  it('predict the file of a member in the background, and link to the result', async () => {
    const { page, pageErrors } = await browser.newPage({ acceptDownloads: true });
    await logIn(page);
    await page.goto(`${app.url}/models/iris`);
    await page.getByLabel('File of rows').setInputFiles(fileOf(FLOWERS));
    await page.getByRole('button', { name: 'Predict in the background' }).click();
    const link = page.locator('#rows-answer').getByRole('link', { name: 'Download as CSV' });
    await link.waitFor();
    expect(await page.locator('#rows-answer h3').innerText()).toBe('2 rows are predicted.');
    await expect(accessibilityViolations(page)).resolves.toEqual([]);
    const download = page.waitForEvent('download');
    await link.click();
    const [header, first] = (await readFile(await (await download).path(), 'utf8')).split('\n');
    expect(header).toMatch(/^sepal_length,sepal_width,petal_length,petal_width,label,probability_setosa,/);
    expect(first).toMatch(/^5\.1,3\.5,1\.4,0\.2,setosa,/);
    // Chromium reports a closed event stream and a download as aborted requests.
    expect(pageErrors.filter((error) => !error.endsWith('ERR_ABORTED'))).toEqual([]);
  });

  it('offer no background prediction without a login', async () => {
    const { page } = await browser.newPage();
    await page.goto(`${app.url}/models/iris`);
    expect(await page.getByRole('button', { name: 'Show predictions' }).count()).toBe(1);
    expect(await page.getByRole('button', { name: 'Predict in the background' }).count()).toBe(0);
  });

  describe('forms for pictures', () => {
    it('predict a drawing', async () => {
      const { page, pageErrors } = await browser.newPage();
      await page.goto(`${app.url}/models/digits`);
      await expect(accessibilityViolations(page)).resolves.toEqual([]);
      const { x, y, width, height } = (await page.getByRole('img', { name: 'Drawing pad' }).boundingBox())!;
      await page.mouse.move(x + width / 2, y + height / 5);
      await page.mouse.down();
      await page.mouse.move(x + width / 2, y + (4 * height) / 5, { steps: 5 });
      await page.mouse.up();
      await page.locator('.verdict').waitFor();
      expect(await page.locator('.verdict').innerText()).toBe('1');
      expect(await page.locator('.bars meter').count()).toBe(3);
      expect(pageErrors).toEqual([]);
    });

    it('predict an uploaded picture without JavaScript', async () => {
      const { page } = await browser.newPage({ javaScriptEnabled: false });
      await page.goto(`${app.url}/models/digits`);
      expect(await page.getByRole('img', { name: 'Drawing pad' }).count()).toBe(0);
      await page.getByLabel('Picture', { exact: true }).setInputFiles(sampleOf('7'));
      await page.getByRole('button', { name: 'Predict', exact: true }).click();
      await page.locator('.verdict').waitFor();
      expect(await page.locator('.verdict').innerText()).toBe('7');
    });

    it('report a file that is not a picture', async () => {
      const { page } = await browser.newPage();
      await page.goto(`${app.url}/models/digits`);
      const file = { name: 'seven.png', mimeType: 'image/png', buffer: Buffer.from('<b>7</b>') };
      await page.getByLabel('Picture', { exact: true }).setInputFiles(file);
      await page.getByRole('button', { name: 'Predict', exact: true }).click();
      const alert = page.getByRole('alert');
      await alert.waitFor();
      await expect(alert.innerText()).resolves.toContain('must be a PNG, JPEG or WebP image');
    });

    it('predict many pictures at once without JavaScript', async () => {
      const { page } = await browser.newPage({ javaScriptEnabled: false });
      await page.goto(`${app.url}/models/digits`);
      await page.getByLabel('Pictures', { exact: true }).setInputFiles([sampleOf('4'), sampleOf('2')]);
      await page.getByRole('button', { name: 'Show predictions' }).click();
      const result = page.locator('#rows-answer');
      await result.getByRole('heading', { name: 'Predictions for 2 rows' }).waitFor();
      expect(await result.getByRole('row').allInnerTexts()).toEqual([
        expect.stringMatching(/^Row\s/),
        expect.stringMatching(/^1\s+4\s/),
        expect.stringMatching(/^2\s+2\s/),
      ]);
    });

    it('predict the pictures of a member in the background', async () => {
      const { page } = await browser.newPage();
      await logIn(page);
      await page.goto(`${app.url}/models/digits`);
      await page.getByLabel('Pictures', { exact: true }).setInputFiles([...'0123456789'].map(sampleOf));
      await page.getByRole('button', { name: 'Predict in the background' }).click();
      const link = page.getByRole('link', { name: 'Download as CSV' });
      await link.waitFor();
      const download = page.waitForEvent('download');
      await link.click();
      const table = (await readFile(await (await download).path(), 'utf8')).trimEnd().split('\n');
      expect(table.slice(1).map((row) => row.split(',').slice(0, 2))).toEqual(
        [...'0123456789'].map((digit) => [`${digit}.png`, digit]),
      );
    });
  });

  async function logIn(page: Page): Promise<void> {
    const member = app.client();
    await member.signUpAndLogIn();
    const [[name, value]] = [...member.cookies] as [[string, string]];
    await page.context().addCookies([{ name, value, url: app.url }]);
  }
});

function fileOf(text: string) {
  return { name: 'flowers.csv', mimeType: 'text/csv', buffer: Buffer.from(text) };
}

function sampleOf(digit: string): string {
  return join(ROOT, 'models/digits/samples', `${digit}.png`);
}
