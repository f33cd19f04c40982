import { readFile } from 'node:fs/promises';
import { Injectable } from '@nestjs/common';
import { enough } from '../../src/demand/poisson.js';
import { type DemandFeatures, type DemandPrediction, InjectModel, type Model } from '../../src/inference/index.js';
import { invalidFields } from '../support/auth.js';
import type { Client } from '../support/client.js';
import { featuresOf, testSalesHistory, sell } from '../support/demand-behaviour.js';
import { addMenu, promote } from '../support/menus.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

interface FixtureRow {
  readonly input: DemandFeatures;
  readonly value: number;
}

const HOUR = 3_600_000;
const USUAL = {
  price_ratio: 1,
  price_change: 1,
  hour: 9,
  weekday: 2,
  sold_at_hour: 5,
  sold_at_weekday: 5,
  sold_a_day: 40,
  days_of_sales: 28,
};

/** The model itself, without the pipeline. */
@Injectable()
class Oracle {
  constructor(@InjectModel('demand') readonly demand: Model<DemandFeatures, DemandPrediction>) {}
}

describe('demand', () => {
  let app: TestApp;
  let owner: Client;
  let other: Client;
  let admin: Client;

  beforeAll(async () => {
    app = await startTestApp({}, [], [Oracle]);
    [owner, other, admin] = [app.client(), app.client(), app.client()];
    await owner.signUpAndLogIn();
    await other.signUpAndLogIn();
    await promote(app, (await admin.signUpAndLogIn()).id);
  });

  afterAll(() => app.close());

  testSalesHistory(() => app);

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
      expect({ status, fields: invalidFields(body) }).toEqual({ status: 422, fields: [field] });
    });

    it('refuses what will be sold, and takes what was sold an hour ago', async () => {
      const hours = (count: number) => new Date(Date.now() + count * 3_600_000).toISOString();
      const { status, body } = await owner.post(path, { quantity: 1, soldAt: hours(1) });
      expect({ status, fields: invalidFields(body) }).toEqual({ status: 422, fields: ['body.soldAt'] });
      expect((await owner.post(path, { quantity: 1, soldAt: hours(-1) })).status).toBe(201);
    });

    it('refuses an id that is none', async () => {
      const { status, body } = await owner.post('/menus/one/sales', { quantity: 1 });
      expect({ status, fields: invalidFields(body) }).toEqual({ status: 422, fields: ['path.id'] });
    });
  });

  describe('the model', () => {
    it('answers as scikit-learn does', async () => {
      const file = await readFile(new URL('../../models/demand/fixture.json', import.meta.url), 'utf8');
      const { rows } = JSON.parse(file) as { rows: FixtureRow[] };
      expect(rows).toHaveLength(200);
      const answers = await app.app.get(Oracle).demand.predictMany(rows.map(({ input }) => input));
      const off = rows.map(({ value }, index) => Math.abs(answers[index]!.value - value) / Math.max(1, value));
      expect(Math.max(...off)).toBeLessThan(1e-5);
    });

    it('expects more where more was sold, and less where it got dearer', async () => {
      const dearer = { ...USUAL, price_change: 1.3 };
      const popular = { ...USUAL, sold_at_hour: 10, sold_at_weekday: 10, sold_a_day: 80 };
      const answers = await app.app.get(Oracle).demand.predictMany([dearer, USUAL, popular]);
      const values = answers.map(({ value }) => value);
      expect(values).toEqual(values.toSorted((a, b) => a - b));
      expect(new Set(values).size).toBe(3);
    });
  });

  describe('asking for a forecast', () => {
    const path = '/models/demand/predict';
    let menuId: number;

    beforeAll(async () => {
      menuId = (await addMenu(owner, { name: 'Croissant' })).id;
      for (const week of ['22', '29']) await sell(owner, menuId, 9, `2024-04-${week}T08:30:00Z`);
      for (const week of ['06', '13']) await sell(owner, menuId, 9, `2024-05-${week}T08:30:00Z`);
    });

    it('answers what the model says of the past sales, and how many to have ready', async () => {
      const { status, body } = await other.post(path, { menuId, at: '2024-05-20T10:59:59+02:00' });
      expect(status).toBe(200);
      const features = await featuresOf(app, menuId, '2024-05-20T08:00:00Z');
      const { value } = await app.app.get(Oracle).demand.predict(features);
      const [expected, prepare] = [Math.round(value * 10) / 10, enough(value, 0.9)];
      expect(body).toEqual({
        model: 'demand',
        version: '1',
        predictions: [{ menuId, hour: '2024-05-20T08:00:00.000Z', expected, prepare }],
      });
      expect(expected).toBeGreaterThan(0);
      expect(prepare).toBeGreaterThan(expected);
    });

    it('answers several questions in order', async () => {
      const at = ['2024-05-20T08:00:00Z', '2024-05-21T03:00:00Z', '2024-05-20T09:00:00Z'];
      const { body } = await owner.post(path, { instances: at.map((time) => ({ menuId, at: time })) });
      const hours = (body.predictions as { hour: string }[]).map(({ hour }) => Date.parse(hour));
      expect(hours).toEqual(at.map((time) => Date.parse(time)));
    });

    it('is about the next full hour where no time is given', async () => {
      const next = () => Math.floor(Date.now() / HOUR) * HOUR + HOUR;
      const before = next();
      const { body } = await owner.post(path, { menuId });
      expect([before, next()]).toContain(Date.parse(body.predictions[0].hour));
    });

    it('is for members', async () => {
      expect((await app.client().post(path, { menuId })).status).toBe(401);
    });

    it('knows no menu that is not there', async () => {
      for (const unknown of [2_000_000_000, Number.MAX_SAFE_INTEGER]) {
        const answer = await owner.post(path, { menuId: unknown });
        expect(answer).toMatchObject({ status: 404, body: { code: 'menu.not-found' } });
      }
    });

    it('looks six days ahead', async () => {
      const inHours = (count: number) => new Date(Date.now() + count * HOUR).toISOString();
      expect((await owner.post(path, { menuId, at: inHours(6 * 24 - 1) })).status).toBe(200);
      const { status, body } = await owner.post(path, { instances: [{ menuId, at: inHours(6 * 24 + 1) }] });
      expect({ status, fields: invalidFields(body) }).toEqual({ status: 422, fields: ['body.instances.0.at'] });
    });

    it.each([
      [{}, 'body.menuId'],
      [{ menuId: '1' }, 'body.menuId'],
      [{ menuId: 1, at: 'noon' }, 'body.at'],
      [{ menuId: 1, hour: 8 }, 'body.hour'],
    ])('refuses %j', async (question, field) => {
      const { status, body } = await owner.post(path, question);
      expect({ status, fields: invalidFields(body) }).toEqual({ status: 422, fields: [field] });
    });
  });
});

describe('the demand model', () => {
  it('is not loaded before somebody asks it', async () => {
    const app = await startTestApp();
    const client = app.client();
    const state = async (): Promise<string> => (await client.get('/models/demand')).body.state;
    expect(await state()).toBe('unloaded');
    await client.signUpAndLogIn();
    const { id } = await addMenu(client, { name: 'Americano' });
    expect((await client.post('/models/demand/predict', { menuId: id })).status).toBe(200);
    expect(await state()).toBe('ready');
    await app.close();
  });
});
