import { DataSource } from 'typeorm';
import { DemandPipeline } from '../../src/demand/demand-pipeline.js';
import type { DemandFeatures } from '../../src/inference/index.js';
import type { Client } from './client.js';
import { addMenu, fetchAllPages } from './menus.js';
import type { TestApp } from './test-app.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** A Monday. */
const MONDAY_8_AM = '2024-05-13T08:00:00.000Z';

/** Tests of the sales history, to run on either database. Call it inside a `describe`. */
export function testSalesHistory(running: () => TestApp): void {
  let owner: Client;

  beforeAll(async () => {
    owner = running().client();
    await owner.signUpAndLogIn();
  });

  it('returns the recorded sale', async () => {
    const { id } = await addMenu(owner, { name: 'Sold' });
    const response = await owner.post(`/menus/${id}/sales`, { quantity: 2, soldAt: '2024-05-06T10:15:00+02:00' });
    expect(response.status).toBe(201);
    const soldAt = '2024-05-06T08:15:00.000Z';
    expect(response.body).toEqual({ id: expect.any(Number), menuId: id, quantity: 2, soldAt });
  });

  it('deletes the sales of a menu with the menu', async () => {
    const [gone, kept] = [await addMenu(owner, { name: 'Gone' }), await addMenu(owner, { name: 'Kept' })];
    for (const { id } of [gone, kept]) await sell(owner, id, 3, '2024-05-13T07:00:00Z');
    expect((await owner.delete(`/menus/${gone.id}`)).status).toBe(204);
    expect((await featuresOf(running(), kept.id)).sold_a_day).toBe(3);
    // Ids are never reused, so only the table shows that the rows are deleted.
    expect(await countSales(running(), gone.id)).toBe(0);
    expect(await countSales(running(), kept.id)).toBe(1);
  });

  it('counts each sale before the hour in the windows that contain it', async () => {
    const { id } = await addMenu(owner, { name: 'Counted', price: 9000 });
    const others = await addMenu(owner, { name: 'Not counted' });
    await sell(owner, others.id, 1000, '2024-05-06T08:30:00Z');
    await sell(owner, id, 50, '2024-04-15T07:59:59.999Z'); // more than four weeks before
    await owner.patch(`/menus/${id}`, { price: 4500 });
    await sell(owner, id, 4, '2024-04-15T08:00:00Z'); // four weeks before
    await sell(owner, id, 1, '2024-04-29T08:59:59.999Z'); // at the end of that hour
    await sell(owner, id, 2, '2024-05-06T08:00:00Z'); // a week before
    await sell(owner, id, 5, '2024-05-06T09:00:00Z'); // an hour too late
    await sell(owner, id, 3, '2024-05-08T08:59:59.999Z'); // another day of the week
    await sell(owner, id, 7, '2024-05-12T12:00:00Z');
    await sell(owner, id, 100, MONDAY_8_AM); // not before
    await owner.patch(`/menus/${id}`, { price: 5400 });
    expect(await featuresOf(running(), id)).toEqual({
      price_ratio: expect.closeTo(5400 / (await meanPrice(owner)), 9),
      price_change: expect.closeTo(1.2, 9),
      hour: 8,
      weekday: 0,
      sold_at_hour: (4 + 1 + 2 + 3) / 28,
      sold_at_weekday: (4 + 1 + 2) / 4,
      sold_a_day: (2 + 5 + 3 + 7) / 7,
      days_of_sales: 28,
    });
  });

  it('averages past prices by quantity sold', async () => {
    const { id } = await addMenu(owner, { name: 'Dearer each time', price: 1_000_000_000 });
    await sell(owner, id, 3, '2024-05-12T08:00:00Z');
    await owner.patch(`/menus/${id}`, { price: 500_000_000 });
    await sell(owner, id, 1, '2024-05-12T08:00:00Z');
    expect((await featuresOf(running(), id)).price_change).toBeCloseTo(0.5 / ((3 * 1 + 1 * 0.5) / 4), 9);
  });

  it('averages over the days since the first sale', async () => {
    const { id } = await addMenu(owner, { name: 'New' });
    const nothing = { price_change: 1, sold_at_hour: 0, sold_at_weekday: 0, sold_a_day: 0, days_of_sales: 0 };
    expect(await featuresOf(running(), id)).toMatchObject(nothing);
    await sell(owner, id, 6, '2024-05-11T08:00:00Z');
    const twoDays = { sold_at_hour: 6 / 2, sold_at_weekday: 0, sold_a_day: 6 / 2, days_of_sales: 2 };
    expect(await featuresOf(running(), id)).toMatchObject(twoDays);
  });

  it('computes the features of a future hour from the sales until now', async () => {
    const { id } = await addMenu(owner, { name: 'Asked ahead' });
    const now = Math.floor(Date.now() / HOUR) * HOUR;
    const at = now + 5 * DAY;
    await sell(owner, id, 8, new Date(at - 7 * DAY).toISOString());
    const ahead = { sold_at_hour: 8 / 2, sold_at_weekday: 8, sold_a_day: 8 / 2, days_of_sales: 2 };
    expect(await featuresOf(running(), id, new Date(at).toISOString())).toMatchObject(ahead);
  });
}

/** Records a sale; throws if the server refuses it. */
export async function sell(client: Client, menuId: number, quantity: number, soldAt: string): Promise<void> {
  const response = await client.post(`/menus/${menuId}/sales`, { quantity, soldAt });
  if (response.status !== 201) throw new Error(`Could not record a sale: ${response.text}`);
}

/** The model's features for a menu and an hour. */
export function featuresOf({ app }: TestApp, menuId: number, at = MONDAY_8_AM): Promise<DemandFeatures> {
  const context = { model: 'demand', version: '1', caller: () => Promise.resolve(undefined) };
  return app.get(DemandPipeline, { strict: false }).preprocess({ menuId, at: new Date(at) }, context);
}

function countSales({ app }: TestApp, menuId: number): Promise<number> {
  return app.get(DataSource).manager.countBy('Sale', { menuId });
}

async function meanPrice(client: Client): Promise<number> {
  const prices = (await fetchAllPages(client, 'limit=100')).map(({ price }) => price);
  return prices.reduce((sum, price) => sum + price, 0) / prices.length;
}
