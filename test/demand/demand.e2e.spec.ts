import { readFile } from 'node:fs/promises';
import { Injectable } from '@nestjs/common';
import { poissonQuantile } from '../../src/demand/poisson.js';
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
const TYPICAL = {
  price_ratio: 1,
  price_change: 1,
  hour: 9,
  weekday: 2,
  sold_at_hour: 5,
  sold_at_weekday: 5,
  sold_a_day: 40,
  days_of_sales: 28,
};

/** Calls the model directly, without the pipeline. */
@Injectable()
class RawModel {
  constructor(@InjectModel('demand') readonly demand: Model<DemandFeatures, DemandPrediction>) {}
}

describe('demand', () => {
  let app: TestApp;
  let owner: Client;
  let other: Client;
  let admin: Client;

  beforeAll(async () => {
    app = await startTestApp({}, [], [RawModel]);
    [owner, other, admin] = [app.client(), app.client(), app.client()];
    await owner.signUpAndLogIn();
    await other.signUpAndLogIn();
    await promote(app, (await admin.signUpAndLogIn()).id);
  });

  afterAll(() => app.close());

  testSalesHistory(() => app);

  describe('POST /menus/{id}/sales', () => {
    let path: string;

    beforeAll(async () => {
      path = `/menus/${(await addMenu(owner, { name: 'Americano' })).id}/sales`;
    });

    it('records the sale at the current time if no time is given', async () => {
      const before = Date.now();
      const { status, body } = await owner.post(path, { quantity: 1 });
      expect(status).toBe(201);
      expect(Date.parse(body.soldAt)).toBeGreaterThanOrEqual(before);
      expect(Date.parse(body.soldAt)).toBeLessThanOrEqual(Date.now());
    });

    it('accepts sales from the owner of the menu and from administrators only', async () => {
      expect(await app.client().post(path, { quantity: 1 })).toMatchObject({ status: 401 });
      expect(await other.post(path, { quantity: 1 })).toMatchObject({ status: 403, body: { code: 'sale.not-yours' } });
      expect(await admin.post(path, { quantity: 1 })).toMatchObject({ status: 201 });
    });

    it.each(['2000000000', '2147483648', '9'.repeat(400)])('answers 404 for the unknown menu %s', async (id) => {
      const response = await owner.post(`/menus/${id}/sales`, { quantity: 1 });
      expect(response).toMatchObject({ status: 404, body: { code: 'menu.not-found' } });
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
    ])('rejects the sale %j with 422', async (sale, field) => {
      const { status, body } = await owner.post(path, sale);
      expect({ status, fields: invalidFields(body) }).toEqual({ status: 422, fields: [field] });
    });

    it('rejects a sale in the future, and accepts one an hour ago', async () => {
      const hours = (count: number) => new Date(Date.now() + count * 3_600_000).toISOString();
      const { status, body } = await owner.post(path, { quantity: 1, soldAt: hours(1) });
      expect({ status, fields: invalidFields(body) }).toEqual({ status: 422, fields: ['body.soldAt'] });
      expect((await owner.post(path, { quantity: 1, soldAt: hours(-1) })).status).toBe(201);
    });

    it('rejects a menu id that is not a number', async () => {
      const { status, body } = await owner.post('/menus/one/sales', { quantity: 1 });
      expect({ status, fields: invalidFields(body) }).toEqual({ status: 422, fields: ['path.id'] });
    });
  });

  describe('model demand', () => {
    it('predicts the values that scikit-learn predicts', async () => {
      const file = await readFile(new URL('../../models/demand/fixture.json', import.meta.url), 'utf8');
      const { rows } = JSON.parse(file) as { rows: FixtureRow[] };
      expect(rows).toHaveLength(200);
      const predictions = await app.app.get(RawModel).demand.predictMany(rows.map(({ input }) => input));
      const off = rows.map(({ value }, index) => Math.abs(predictions[index]!.value - value) / Math.max(1, value));
      expect(Math.max(...off)).toBeLessThan(1e-5);
    });

    it('predicts more after higher sales, and less after a price rise', async () => {
      const dearer = { ...TYPICAL, price_change: 1.3 };
      const popular = { ...TYPICAL, sold_at_hour: 10, sold_at_weekday: 10, sold_a_day: 80 };
      const predictions = await app.app.get(RawModel).demand.predictMany([dearer, TYPICAL, popular]);
      const values = predictions.map(({ value }) => value);
      expect(values).toEqual(values.toSorted((a, b) => a - b));
      expect(new Set(values).size).toBe(3);
    });
  });

  describe('POST /models/demand/predict', () => {
    const path = '/models/demand/predict';
    let menuId: number;

    beforeAll(async () => {
      menuId = (await addMenu(owner, { name: 'Croissant' })).id;
      for (const week of ['22', '29']) await sell(owner, menuId, 9, `2024-04-${week}T08:30:00Z`);
      for (const week of ['06', '13']) await sell(owner, menuId, 9, `2024-05-${week}T08:30:00Z`);
    });

    it('returns the predicted mean and the quantity to prepare, from past sales', async () => {
      const { status, body } = await other.post(path, { menuId, at: '2024-05-20T10:59:59+02:00' });
      expect(status).toBe(200);
      const features = await featuresOf(app, menuId, '2024-05-20T08:00:00Z');
      const { value } = await app.app.get(RawModel).demand.predict(features);
      const [expected, prepare] = [Math.round(value * 10) / 10, poissonQuantile(value, 0.9)];
      expect(body).toEqual({
        model: 'demand',
        version: '1',
        predictions: [{ menuId, hour: '2024-05-20T08:00:00.000Z', expected, prepare }],
      });
      expect(expected).toBeGreaterThan(0);
      expect(prepare).toBeGreaterThan(expected);
    });

    it('returns the forecasts of several instances in order', async () => {
      const at = ['2024-05-20T08:00:00Z', '2024-05-21T03:00:00Z', '2024-05-20T09:00:00Z'];
      const { body } = await owner.post(path, { instances: at.map((time) => ({ menuId, at: time })) });
      const hours = (body.predictions as { hour: string }[]).map(({ hour }) => Date.parse(hour));
      expect(hours).toEqual(at.map((time) => Date.parse(time)));
    });

    it('forecasts the next full hour if no time is given', async () => {
      const next = () => Math.floor(Date.now() / HOUR) * HOUR + HOUR;
      const before = next();
      const { body } = await owner.post(path, { menuId });
      expect([before, next()]).toContain(Date.parse(body.predictions[0].hour));
    });

    it('requires a login', async () => {
      expect((await app.client().post(path, { menuId })).status).toBe(401);
    });

    it('answers 404 for an unknown menu', async () => {
      for (const unknown of [2_000_000_000, Number.MAX_SAFE_INTEGER]) {
        const response = await owner.post(path, { menuId: unknown });
        expect(response).toMatchObject({ status: 404, body: { code: 'menu.not-found' } });
      }
    });

    it('forecasts at most six days ahead', async () => {
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
    ])('rejects the instance %j with 422', async (instance, field) => {
      const { status, body } = await owner.post(path, instance);
      expect({ status, fields: invalidFields(body) }).toEqual({ status: 422, fields: [field] });
    });
  });
});

describe('loading of model demand', () => {
  it('waits for the first prediction request', async () => {
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
