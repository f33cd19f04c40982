import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EntityManager } from 'typeorm';
import { UnitOfWork } from '../../src/platform/database/index.js';
import type { JobCheckpoint, RunningJob } from '../../src/jobs/index.js';
import { MenuImportHandler } from '../../src/menus/import/menu-import.handler.js';
import type { ClientResponse, Client } from '../support/client.js';
import { csvForm, MULTIPART } from '../support/forms.js';
import { untilJob, upload } from '../support/jobs.js';
import { killLeftovers, ProcessApp } from '../support/process-app.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const CSV = { 'content-type': 'text/csv' };
const IMPORT = '/menus/import';

const send = (
  client: Client,
  raw: string | Buffer,
  query = '',
  headers: Record<string, string> = CSV,
): Promise<ClientResponse> => client.request('POST', IMPORT + query, { raw, headers });

/** Imports a file, and returns the lines of the result. */
async function importFile(client: Client, raw: string | Buffer, headers = CSV): Promise<Record<string, unknown>[]> {
  const { status, body } = await send(client, raw, '', headers);
  expect(status).toBe(202);
  await untilJob(client, body.id, 'succeeded');
  const { text } = await client.get(`/jobs/${body.id}/result`);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('POST /menus/import', () => {
  let app: TestApp;
  let client: Client;
  let member: { id: string };

  beforeAll(async () => {
    app = await startTestApp();
  });

  afterAll(() => app.close());

  beforeEach(async () => {
    client = app.client();
    member = await client.signUpAndLogIn();
  });

  /** The member's own menus, oldest first. */
  async function ownMenus(): Promise<unknown[]> {
    const { body } = await client.get('/menus?limit=100&sort=-id');
    const own = body.items.filter(({ ownerId }: { ownerId: string }) => ownerId === member.id);
    return own.map(({ name, price }: { name: string; price: number }) => [name, price]).reverse();
  }

  it('previews an import without storing anything', async () => {
    await client.post('/menus', { name: 'Latte', price: 5000 });
    await client.post('/menus', { name: 'Mocha', price: 6000 });
    const file = 'name,price\nAmericano,4500\nLatte,5100\nMocha,6000\n,1\nTea,x\nAmericano,4600\n Tea ,0\n';
    const response = await send(client, csvForm(file), '?preview=true', MULTIPART);
    expect(response).toMatchObject({ status: 200, body: { toCreate: 2, toUpdate: 2, unchanged: 1 } });
    expect(response.body.errors.map(({ location }: { location: unknown }) => location)).toEqual([
      ['body', 'file', 5, 'name'],
      ['body', 'file', 6, 'price'],
    ]);
    expect(response.body.sample).toEqual([
      { row: 2, name: 'Americano', price: 4500, outcome: 'created' },
      { row: 3, name: 'Latte', price: 5100, outcome: 'updated' },
      { row: 7, name: 'Americano', price: 4600, outcome: 'updated' },
      { row: 8, name: 'Tea', price: 0, outcome: 'created' },
    ]);
    expect(await ownMenus()).toEqual([
      ['Latte', 5000],
      ['Mocha', 6000],
    ]);
    expect((await client.get('/jobs')).body.items).toEqual([]);
  });

  it('creates and updates the menus of the member in a job, and leaves those of others alone', async () => {
    const other = app.client();
    await other.signUpAndLogIn();
    const { body: others } = await other.post('/menus', { name: 'Latte', price: 1 });
    const { body: latte } = await client.post('/menus', { name: 'Latte', price: 5000 });
    const { body: mocha, headers } = await client.post('/menus', { name: 'Mocha', price: 6000 });
    const file = 'price,name\n4500,Americano\n5100,Latte\n6000,Mocha\n-1,Tea\n4600,Americano\n';
    const started = await send(client, csvForm(file), '', MULTIPART);
    expect(started).toMatchObject({ status: 202, body: { kind: 'menu-import', progress: { total: 5 }, model: null } });
    expect(started.headers.get('location')).toBe(`/jobs/${started.body.id}`);
    const job = await untilJob(client, started.body.id, 'succeeded');
    expect(job).toMatchObject({ progress: { done: 5, total: 5, errors: 1 } });
    const { text } = await client.get(`/jobs/${started.body.id}/result`);
    expect(
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      { row: 2, name: 'Americano', price: 4500, outcome: 'created' },
      { row: 3, name: 'Latte', price: 5100, outcome: 'updated' },
      { row: 4, name: 'Mocha', price: 6000, outcome: 'unchanged' },
      { row: 5, error: expect.objectContaining({ code: 'request.invalid' }) },
      { row: 6, name: 'Americano', price: 4600, outcome: 'updated' },
    ]);
    const csv = await client.get(`/jobs/${started.body.id}/result`, { headers: { accept: 'text/csv' } });
    expect(csv.text.split('\n').slice(0, 2)).toEqual(['row,name,price,outcome,error', '2,Americano,4500,created,']);
    expect((await client.get(`/menus/${latte.id}`)).body).toMatchObject({ price: 5100, ownerId: member.id });
    expect((await client.get(`/menus/${mocha.id}`)).headers.get('etag')).toBe(headers.get('etag'));
    expect((await client.get(`/menus/${others.id}`)).body.price).toBe(1);
    expect(await ownMenus()).toHaveLength(3);
  });

  it('changes nothing when the same file is imported again', async () => {
    const file = `name,price\n${Array.from({ length: 1_200 }, (_, index) => `Menu ${index},${index}`).join('\n')}`;
    expect((await importFile(client, file)).every(({ outcome }) => outcome === 'created')).toBe(true);
    const again = await importFile(client, file);
    expect(again.map(({ row }) => row)).toEqual(Array.from({ length: 1_200 }, (_, index) => index + 2));
    expect(again.every(({ outcome }) => outcome === 'unchanged')).toBe(true);
  });

  it('imports JSON', async () => {
    const json = { 'content-type': 'application/json' };
    const lines = await importFile(client, '[{"name":"Tea","price":1},{"name":"Tea","price":"1"}]', json);
    expect(lines).toEqual([
      { row: 0, name: 'Tea', price: 1, outcome: 'created' },
      {
        row: 1,
        error: expect.objectContaining({ errors: [expect.objectContaining({ location: ['body', 1, 'price'] })] }),
      },
    ]);
  });

  it.each(['4500.0', '4.5E+03', '+4500', ' 4500 ', '4500'])('reads the price %j exactly', async (price) => {
    const { body } = await send(client, `name,price\nTea,${price}\n`, '?preview=True');
    expect(body).toMatchObject({ toCreate: 1, errors: [], sample: [{ name: 'Tea', price: 4500 }] });
  });

  it.each([
    ['semicolons', '\ufeffname;price\r\nTea;4500\r\n', CSV, ''],
    ['a line for Excel', 'sep=|\nname|price\nTea|4500\n', CSV, ''],
    ['tabs', 'name\tprice\nTea\t4500\n', { 'content-type': 'text/tab-separated-values' }, ''],
    ['a delimiter of the query', 'name;price\nTea;4500\n', CSV, '?delimiter=;'],
    ['UTF-16', Buffer.from('\ufeffname,price\nTea,4500\n', 'utf16le'), CSV, ''],
    [
      'CP949',
      Buffer.from('6e616d652c70726963650ab0a1b0a12c343530300a', 'hex'),
      { 'content-type': 'text/csv; charset=cp949' },
      '',
    ],
  ])('reads a file with %s', async (what, raw, headers, query) => {
    const name = what === 'CP949' ? '가가' : 'Tea';
    const preview = await send(client, raw, `${query}${query ? '&' : '?'}preview=true`, headers);
    expect(preview.body).toMatchObject({ toCreate: 1, errors: [], sample: [{ name, price: 4500 }] });
    const { body } = await send(client, raw, query, headers);
    await untilJob(client, body.id, 'succeeded');
    expect(await ownMenus()).toEqual([[name, 4500]]);
  });

  it.each(['4500.5', '4,500', 'NaN', '1e-1'])('refuses the price %j', async (price) => {
    const { body } = await send(client, `name,price\nTea,"${price}"\n`, '?preview=1');
    expect(body).toMatchObject({ toCreate: 0, errors: [{ location: ['body', 'file', 2, 'price'], type: 'integer' }] });
  });

  it.each([
    ['a missing column', 'name\nTea\n', CSV, 422],
    ['an unknown column', 'name,price,id\nTea,1,1\n', CSV, 422],
    ['only a header', 'name,price\n', CSV, 422],
    ['an unclosed quote', `name,price\n${'Tea,1\n'.repeat(5_000)}"Tea,1\n`, CSV, 422],
    ['too many rows', `name,price\n${'Tea,1\n'.repeat(100_001)}`, CSV, 413],
    ['half a multipart form', csvForm('name,price\nTea,1\n').subarray(0, 130), MULTIPART, 400],
    ['malformed JSON', '[{"name":"Tea"', { 'content-type': 'application/json' }, 400],
    ['another media type', 'name,price\nTea,1\n', { 'content-type': 'text/plain' }, 415],
  ])('rejects a file with %s, and enqueues no job', async (_, raw, headers, status) => {
    for (const query of ['', '?preview=true']) expect((await send(client, raw, query, headers)).status).toBe(status);
    expect((await client.get('/jobs')).body.items).toEqual([]);
    expect(await ownMenus()).toEqual([]);
  });

  it('requires a login, and validates the preview parameter', async () => {
    expect((await send(app.client(), 'name,price\nTea,1\n')).status).toBe(401);
    expect((await send(client, 'name,price\nTea,1\n', '?preview=yes')).status).toBe(422);
  });

  it('plans a batch again if the member changes a menu before the batch is written', async () => {
    const unitOfWork = app.app.get(UnitOfWork);
    const saved: JobCheckpoint[] = [];
    let attempts = 0;
    const job: RunningJob<never> = {
      id: 'job',
      memberId: member.id,
      payload: { format: 'csv', from: 'file' } as never,
      inputId: await upload(app, 'name,price\nTea,1\nLatte,2\n'),
      progress: { done: 0, total: 2, errors: 0 },
      state: undefined,
      signal: new AbortController().signal,
      save: async (step) => {
        attempts += 1;
        // Between the plan and its transaction the member adds one of the menus.
        if (attempts === 1) await client.post('/menus', { name: 'Tea', price: 9 });
        await unitOfWork.run((manager: EntityManager) => step.work!(manager));
        saved.push(step);
      },
    };
    await app.app.get(MenuImportHandler).run(job);
    expect([attempts, saved.length]).toEqual([2, 1]);
    expect(String(saved[0]?.result)).toContain('"name":"Tea","price":1,"outcome":"updated"');
    expect(await ownMenus()).toEqual([
      ['Tea', 1],
      ['Latte', 2],
    ]);
  });
});

describe('menu import in a killed process', () => {
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'barista-import-'));
  });

  afterAll(async () => {
    await killLeftovers();
    await rm(directory, { recursive: true, force: true });
  });

  it('resumes after a restart, and writes each row once', async () => {
    const rows = 10_000;
    const file = `name,price\n${Array.from({ length: rows }, (_, index) => `Menu ${index},${index}`).join('\n')}`;
    const options = { databaseUrl: `sqlite:${join(directory, 'barista.db')}` };
    let app = await ProcessApp.start({}, options);
    const client = app.client();
    await client.signUpAndLogIn();
    const { id } = (await send(client, file)).body;
    const doneOf = async (by: Client): Promise<number> => (await by.get(`/jobs/${id}`)).body.progress.done;
    const reached: number[] = [];
    for (let kills = 0; kills < 3; kills += 1) {
      const current = app.client().copyCookiesFrom(client);
      const before = reached.at(-1) ?? 0;
      await until('the import makes progress', async () => {
        const done = await doneOf(current);
        return done > before || done === rows;
      });
      reached.push(await doneOf(current));
      await app.stop('SIGKILL');
      app = await ProcessApp.start({}, options);
    }
    expect(reached[0]).toBeLessThan(rows);
    const last = app.client().copyCookiesFrom(client);
    await until('the import is over', async () => (await doneOf(last)) === rows, 60_000);
    await untilJob(last, id, 'succeeded');
    const { text } = await last.get(`/jobs/${id}/result`);
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { row: number; outcome: string });
    expect(lines.map(({ row }) => row)).toEqual(Array.from({ length: rows }, (_, index) => index + 2));
    expect(lines.every(({ outcome }) => outcome === 'created')).toBe(true);
  }, 120_000);
});
