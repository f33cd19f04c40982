import { readFile } from 'node:fs/promises';
import { DemandPipeline } from '../src/demand/demand-pipeline.js';
import { brokenFields } from './support/auth.js';
import type { Client } from './support/client.js';
import { itRemembersSales } from './support/demand-behaviour.js';
import { addMenu, promote } from './support/menus.js';
import { startTestApp, type TestApp } from './support/test-app.js';

interface FixtureRow {
  readonly input: Readonly<Record<string, number>>;
  readonly value: number;
}

describe('demand', () => {
  let app: TestApp;
  let owner: Client;
  let other: Client;
  let admin: Client;

  beforeAll(async () => {
    app = await startTestApp();
    [owner, other, admin] = [app.client(), app.client(), app.client()];
    await owner.signUpAndLogIn();
    await other.signUpAndLogIn();
    await promote(app, (await admin.signUpAndLogIn()).id);
  });

  afterAll(() => app.close());

  itRemembersSales(() => app);

  describe('recording a sale', () => {
    let path: string;

    beforeAll(async () => {
      path = `/menus/${(await addMenu(owner, { name: 'Americano' })).id}/sales`;
    });

    it('takes it as of now where no time is given', async () => {
      const before = Date.now();
      const { status, body } = await owner.post(path, { quantity: 1 });
      expect(status).toBe(201);
      expect(Date.parse(body.soldAt)).toBeGreaterThanOrEqual(before);
      expect(Date.parse(body.soldAt)).toBeLessThanOrEqual(Date.now());
    });

    it('is for the owner of the menu and administrators', async () => {
      expect(await app.client().post(path, { quantity: 1 })).toMatchObject({ status: 401 });
      expect(await other.post(path, { quantity: 1 })).toMatchObject({ status: 403, body: { code: 'sale.not-yours' } });
      expect(await admin.post(path, { quantity: 1 })).toMatchObject({ status: 201 });
    });

    it.each(['2000000000', '2147483648', '9'.repeat(400)])('knows no menu %s', async (id) => {
      const answer = await owner.post(`/menus/${id}/sales`, { quantity: 1 });
      expect(answer).toMatchObject({ status: 404, body: { code: 'menu.not-found' } });
    });

    it.each([
      [{}, 'body.quantity'],
      [{ quantity: 0 }, 'body.quantity'],
      [{ quantity: 1_001 }, 'body.quantity'],
      [{ quantity: 1.5 }, 'body.quantity'],
      [{ quantity: '1' }, 'body.quantity'],
      [{ quantity: 1, soldAt: 'yesterday' }, 'body.soldAt'],
      [{ quantity: 1, soldAt: null }, 'body.soldAt'],
      [{ quantity: 1, soldAt: 1_715_000_000_000 }, 'body.soldAt'],
      [{ quantity: 1, soldAt: '2024-05-06' }, 'body.soldAt'],
      [{ quantity: 1, soldAt: '2024-05-06T08:15:00' }, 'body.soldAt'],
      [{ quantity: 1, soldAt: '2024-02-30T08:15:00Z' }, 'body.soldAt'],
      [{ quantity: 1, soldAt: '2024-05-06T25:15:00Z' }, 'body.soldAt'],
      [{ quantity: 1, price: 1 }, 'body.price'],
    ])('refuses %j', async (sale, field) => {
      const { status, body } = await owner.post(path, sale);
      expect({ status, fields: brokenFields(body) }).toEqual({ status: 422, fields: [field] });
    });

    it('refuses what will be sold, and takes what was sold an hour ago', async () => {
      const hours = (count: number) => new Date(Date.now() + count * 3_600_000).toISOString();
      const { status, body } = await owner.post(path, { quantity: 1, soldAt: hours(1) });
      expect({ status, fields: brokenFields(body) }).toEqual({ status: 422, fields: ['body.soldAt'] });
      expect((await owner.post(path, { quantity: 1, soldAt: hours(-1) })).status).toBe(201);
    });

    it('refuses an id that is none', async () => {
      const { status, body } = await owner.post('/menus/one/sales', { quantity: 1 });
      expect({ status, fields: brokenFields(body) }).toEqual({ status: 422, fields: ['path.id'] });
    });
  });

  describe('the model', () => {
    it('answers as scikit-learn does', async () => {
      const file = await readFile(new URL('../models/demand/fixture.json', import.meta.url), 'utf8');
      const { rows } = JSON.parse(file) as { rows: FixtureRow[] };
      expect(rows).toHaveLength(200);
      const { status, body } = await owner.post('/models/demand/predict', {
        instances: rows.map(({ input }) => input),
      });
      expect(status).toBe(200);
      const off = rows.map(({ value }, index) => Math.abs(body.predictions[index].value - value) / Math.max(1, value));
      expect(Math.max(...off)).toBeLessThan(1e-5);
    });

    it('expects more where more was sold, and less where it got dearer', async () => {
      const usual = {
        price_ratio: 1,
        price_change: 1,
        hour: 9,
        weekday: 2,
        sold_at_hour: 5,
        sold_at_weekday: 5,
        sold_a_day: 40,
        days_of_sales: 28,
      };
      const dearer = { ...usual, price_change: 1.3 };
      const popular = { ...usual, sold_at_hour: 10, sold_at_weekday: 10, sold_a_day: 80 };
      const { body } = await owner.post('/models/demand/predict', { instances: [dearer, usual, popular] });
      const values = (body.predictions as { value: number }[]).map(({ value }) => value);
      expect(values).toEqual(values.toSorted((a, b) => a - b));
      expect(new Set(values).size).toBe(3);
    });

    it('is for members', async () => {
      expect((await app.client().post('/models/demand/predict', {})).status).toBe(401);
    });
  });

  it('tells a kitchen how many to expect, and how many to have ready', () => {
    const input = { menuId: 7, at: new Date('2024-05-13T08:59:59.999Z') };
    const answer = app.app.get(DemandPipeline, { strict: false }).respond({ value: 4.26 }, { input });
    expect(answer).toEqual({ menuId: 7, hour: '2024-05-13T08:00:00.000Z', expected: 4.3, prepare: 7 });
  });
});
