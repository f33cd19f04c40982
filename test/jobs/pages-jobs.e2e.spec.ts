import type { Client } from '../support/client.js';
import { enqueueScript, enqueue, JOB_HANDLERS, line, Signal, untilAborted, untilJob } from '../support/jobs.js';
import { visibleText } from '../support/markup.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const FOREIGN = { headers: { accept: 'text/html', 'sec-fetch-site': 'cross-site' } };

describe('jobs on the account page', () => {
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
  /** Where the only button beside a job leads. */
  const actionOf = async (id: string): Promise<string> =>
    new RegExp(`action="(/account/jobs/${id}/[^"]+)"`).exec(await page())![1]!;

  it('are none at first', async () => {
    expect(visibleText(await page())).toContain('Jobs None yet.');
  });

  it('are shown with how far they are, and cancelled', async () => {
    const started = new Signal();
    const id = await enqueueScript(app, memberId, async (job) => {
      await job.save({ progress: { done: 2, total: 3, errors: 1 } });
      started.give();
      await untilAborted(job);
    });
    await started.come;
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

    // As the script of a model's page does.
    const answer = await client.request('POST', cancel, { headers: { 'sec-fetch-site': 'same-origin' } });
    expect({ status: answer.status, to: answer.headers.get('location') }).toEqual({ status: 303, to: '/account' });
    await untilJob(client, id, 'cancelled');
    expect(visibleText(await page())).toContain('Cancelled, 2 of 3');
  });

  it('keep what they made where they end before they are cancelled', async () => {
    const [begun, goOn] = [new Signal(), new Signal()];
    const id = await enqueueScript(app, memberId, async (job) => {
      begun.give();
      await goOn.come;
      await job.save({ result: line(1) });
    });
    await begun.come;
    const cancel = await actionOf(id);
    goOn.give();
    await untilJob(client, id, 'succeeded');
    expect((await client.submit(cancel)).status).toBe(303);
    expect((await client.get(`/jobs/${id}/result`)).status).toBe(200);
  });

  it('lead to what they made, as CSV where there is one, and are removed', async () => {
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

  it('say why they failed, as text', async () => {
    const id = await enqueue(app, { kind: 'nobody-does-<this>', memberId, payload: {}, total: 1 });
    await untilJob(client, id, 'failed');
    const text = await page();
    expect(visibleText(text)).toContain('nobody-does-<this>');
    expect(visibleText(text)).toMatch(/Failed, 0 of 1 \S/);
    expect(text).not.toContain('<this>');
  });

  it('are for members: who is none is sent to log in', async () => {
    const id = await enqueue(app, { kind: 'plain', memberId, payload: {}, total: 1 });
    const html = { headers: { accept: 'text/html' } };
    const { status, headers } = await app.client().submit(`/account/jobs/${id}/remove`, {}, html);
    expect({ status, to: headers.get('location') }).toEqual({ status: 303, to: '/login?next=%2Faccount' });
    expect((await app.client().submit(`/account/jobs/${id}/remove`)).body).toMatchObject({ code: 'auth.required' });
  });

  it('are the newest', async () => {
    for (let n = 0; n < 21; n += 1) await enqueue(app, { kind: 'plain', memberId, payload: {}, total: 1 });
    const text = await page();
    expect(text.match(/action="\/account\/jobs\//g)).toHaveLength(20);
    expect(text).toContain('href="/jobs"');
  });
});
