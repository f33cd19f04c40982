import type { Client } from '../support/client.js';
import { enqueueScript, enqueue, JOB_HANDLERS, line, Deferred, untilAborted, untilJob } from '../support/jobs.js';
import { visibleText } from '../support/markup.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const FOREIGN = { headers: { accept: 'text/html', 'sec-fetch-site': 'cross-site' } };

describe('GET /account, section Jobs', () => {
  let app: TestApp;
  let client: Client;
  let memberId: string;

  beforeAll(async () => {
    app = await startTestApp({}, [], JOB_HANDLERS);
  });

  afterAll(() => app.close());

  beforeEach(async () => {
    client = app.client();
    ({ id: memberId } = await client.signUpAndLogIn());
  });

  const page = async (who = client): Promise<string> => (await who.get('/account')).text;
  /** Action of the form beside a job. */
  const actionOf = async (id: string): Promise<string> =>
    new RegExp(`action="(/account/jobs/${id}/[^"]+)"`).exec(await page())![1]!;

  it('shows no jobs at first', async () => {
    expect(visibleText(await page())).toContain('Jobs None yet.');
  });

  it('shows the progress of a running job, and cancels it', async () => {
    const started = new Deferred();
    const id = await enqueueScript(app, memberId, async (job) => {
      await job.save({ progress: { done: 2, total: 3, errors: 1 } });
      started.resolve();
      await untilAborted(job);
    });
    await started.promise;
    const text = await page();
    expect(visibleText(text)).toContain('Running, 2 of 3, 1 with errors');
    expect(text).toContain('<progress aria-label="Progress" value="2" max="3"></progress>');
    expect(text).not.toContain(`/jobs/${id}/result`);

    const cancel = await actionOf(id);
    const stranger = app.client();
    await stranger.signUpAndLogIn();
    expect(await page(stranger)).not.toContain(id);
    for (const action of [cancel, `/account/jobs/${id}/remove`]) {
      expect((await stranger.submit(action)).status).toBe(404);
      expect((await client.submit(action, {}, FOREIGN)).status).toBe(403);
    }
    expect((await client.get(`/jobs/${id}`)).body.status).toBe('running');

    // The request of the script of a model page.
    const response = await client.request('POST', cancel, { headers: { 'sec-fetch-site': 'same-origin' } });
    expect({ status: response.status, to: response.headers.get('location') }).toEqual({ status: 303, to: '/account' });
    await untilJob(client, id, 'cancelled');
    expect(visibleText(await page())).toContain('Cancelled, 2 of 3');
  });

  it('keeps the result of a job that succeeds before its cancellation', async () => {
    const [begun, goOn] = [new Deferred(), new Deferred()];
    const id = await enqueueScript(app, memberId, async (job) => {
      begun.resolve();
      await goOn.promise;
      await job.save({ result: line(1) });
    });
    await begun.promise;
    const cancel = await actionOf(id);
    goOn.resolve();
    await untilJob(client, id, 'succeeded');
    expect((await client.submit(cancel)).status).toBe(303);
    expect((await client.get(`/jobs/${id}/result`)).status).toBe(200);
  });

  it('links the results of a job, as CSV if its handler has one, and removes the job', async () => {
    const id = await enqueueScript(app, memberId, (job) => job.save({ result: line(1) }));
    const plain = await enqueue(app, { kind: 'plain', memberId, payload: {}, total: 1, model: 'a <b>', version: '1' });
    await untilJob(client, id, 'succeeded');
    await untilJob(client, plain, 'succeeded');
    const text = await page();
    expect(visibleText(text)).toContain('plain: a <b> 1');
    expect(text).not.toContain('a <b>');
    const links = [...text.matchAll(/href="(\/jobs\/[^"]+)"/g)].map(([, link]) => link!);
    expect(links.sort()).toEqual(
      [`/jobs/${id}/result?format=csv`, `/jobs/${id}/result?format=jsonl`, `/jobs/${plain}/result?format=jsonl`].sort(),
    );
    for (const link of links) expect((await client.get(link)).status).toBe(200);
    expect((await client.submit(await actionOf(id))).status).toBe(303);
    expect((await client.get(`/jobs/${id}`)).status).toBe(404);
  });

  it('shows the error of a failed job, escaped', async () => {
    const id = await enqueue(app, { kind: 'nobody-does-<this>', memberId, payload: {}, total: 1 });
    await untilJob(client, id, 'failed');
    const text = await page();
    expect(visibleText(text)).toContain('nobody-does-<this>');
    expect(visibleText(text)).toMatch(/Failed, 0 of 1 \S/);
    expect(text).not.toContain('<this>');
  });

  it('redirects an anonymous visitor to the login page', async () => {
    const id = await enqueue(app, { kind: 'plain', memberId, payload: {}, total: 1 });
    const html = { headers: { accept: 'text/html' } };
    const { status, headers } = await app.client().submit(`/account/jobs/${id}/remove`, {}, html);
    expect({ status, to: headers.get('location') }).toEqual({ status: 303, to: '/login?next=%2Faccount' });
    expect((await app.client().submit(`/account/jobs/${id}/remove`)).body).toMatchObject({ code: 'auth.required' });
  });

  it('shows the 20 newest jobs', async () => {
    for (let n = 0; n < 21; n += 1) await enqueue(app, { kind: 'plain', memberId, payload: {}, total: 1 });
    const text = await page();
    expect(text.match(/action="\/account\/jobs\//g)).toHaveLength(20);
    expect(text).toContain('href="/jobs"');
  });
});
