import { browserUnavailableReason, TestBrowser } from '../../support/browser.js';
import { describeUnless } from '../../support/describe-unless.js';
import { SwaggerUi } from '../../support/swagger-ui.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';

const describeWhereBrowser = describeUnless(browserUnavailableReason());

describeWhereBrowser('home page and API documentation in a browser', () => {
  const browser = new TestBrowser();
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
    await browser.launch();
  });

  afterAll(async () => {
    await browser.close();
    await app.close();
  });

  it('show the readiness of all parts on the home page, with links that work', async () => {
    const { page, pageErrors } = await browser.newPage();
    const response = await page.goto(app.url);
    expect(response?.headers()['content-security-policy']).toContain("default-src 'none'");
    expect(await page.title()).toBe('Barista');
    expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1);

    const board = page.getByRole('region', { name: 'Ready to serve' });
    await expect(board.getByRole('listitem').allInnerTexts()).resolves.toEqual(
      expect.arrayContaining([expect.stringMatching(/^database\s+up$/i), expect.stringMatching(/^iris\s+ready$/i)]),
    );
    expect(await page.locator('pre').first().innerText()).toContain(`curl -X POST ${new URL(app.url).host}/predict`);

    const links = await page.locator('a[href^="/"]').evaluateAll((all) => all.map((link) => link.getAttribute('href')));
    expect(links).toEqual(expect.arrayContaining(['/docs', '/openapi.json', '/health/ready']));
    for (const link of new Set(links)) expect((await fetch(`${app.url}${link}`)).status).toBe(200);
    expect(pageErrors).toEqual([]);
  });

  it('execute operations in Swagger UI, from sign-up to logout, without typing a request', async () => {
    const { page, pageErrors } = await browser.newPage();
    await page.goto(app.url);
    await page.getByRole('link', { name: 'API docs' }).click();
    const docs = new SwaggerUi(page);

    expect(await docs.execute('POST', '/auth/signup')).toMatchObject({ status: '201' });
    expect(await docs.execute('POST', '/auth/login')).toMatchObject({ status: '200' });
    expect(await page.context().cookies()).toMatchObject([{ name: 'barista.sid', httpOnly: true, sameSite: 'Lax' }]);

    const created = await docs.execute('POST', '/menus');
    expect(created.status).toBe('201');
    const { id, name } = JSON.parse(created.text) as { id: number; name: string };
    const list = await docs.execute('GET', '/menus');
    expect(list.status).toBe('200');
    expect(JSON.parse(list.text)).toMatchObject({ items: [{ id, name }] });
    expect(await docs.execute('PUT', '/menus/{id}', { id: String(id) })).toMatchObject({ status: '200' });

    const prediction = await docs.execute('POST', '/predict');
    expect(prediction.status).toBe('200');
    expect(JSON.parse(prediction.text)).toEqual({ result: [2] });

    expect(await docs.execute('POST', '/auth/logout')).toMatchObject({ status: '204' });
    expect(pageErrors).toEqual([]);
    expect(await docs.execute('GET', '/auth/me')).toMatchObject({ status: '401' });
  }, 180_000);
});
