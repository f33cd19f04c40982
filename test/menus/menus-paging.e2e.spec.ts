import { DataSource } from 'typeorm';
import { UnitOfWork } from '../../src/platform/database/index.js';
import type { Client } from '../support/client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const BY_PRICE = 'menu USING INDEX menu_price_id';

/** SQLite's query plan for the second page of each sort order: an index seek, never a scan of the rows before the page. */
const PLANS: [order: string, plans: string[]][] = [
  ['sort=id', ['SEARCH menu USING INTEGER PRIMARY KEY (rowid>?)']],
  ['sort=-id', ['SEARCH menu USING INTEGER PRIMARY KEY (rowid<?)']],
  ['sort=name', ['SEARCH menu USING INDEX menu_name_id (name=? AND id>?)']],
  ['sort=-name', ['SEARCH menu USING INDEX menu_name_id (name=? AND id<?)']],
  ['sort=price', [`SEARCH ${BY_PRICE} (price=? AND id>?)`, `SEARCH ${BY_PRICE} (price>?)`]],
  ['sort=-price', [`SEARCH ${BY_PRICE} (price=? AND id<?)`, `SEARCH ${BY_PRICE} (price<?)`]],
];

describe('pagination of GET /menus', () => {
  let app: TestApp;
  let client: Client;

  beforeAll(async () => {
    app = await startTestApp();
    client = app.client();
    await addRows(app, 500_001, 500_060);
  });

  afterAll(() => app.close());

  const cursorOf = async (query: string): Promise<string> => (await client.get(`/menus?${query}`)).body.nextCursor;
  const statusOf = async (query: string): Promise<number> => (await client.get(`/menus?${query}`)).status;

  it('returns 20 menus by default, and at most 100', async () => {
    expect((await client.get('/menus')).body.items).toHaveLength(20);
    expect((await client.get('/menus?limit=1')).body.items).toHaveLength(1);
    expect((await client.get('/menus?limit=100')).body.items).toHaveLength(60);
  });

  it('returns a null cursor on the last page, even on a full one', async () => {
    expect(await cursorOf('limit=60')).toBeNull();
    expect(await cursorOf('limit=59')).not.toBeNull();
    expect(await cursorOf(`limit=30&cursor=${await cursorOf('limit=30')}`)).toBeNull();
    expect((await client.get('/menus?name=nothing-like-it')).body).toEqual({ items: [], nextCursor: null });
  });

  it('accepts another limit with a cursor', async () => {
    const { items } = (await client.get(`/menus?limit=7&cursor=${await cursorOf('limit=3')}`)).body;
    expect(items.map(({ id }: { id: number }) => id)).toEqual([4, 5, 6, 7, 8, 9, 10].map((row) => 500_000 + row));
  });

  it('rejects a cursor of another sort or filter', async () => {
    const cursor = await cursorOf('sort=price&name=SAME&limit=5');
    expect(await statusOf(`sort=price&name=same&cursor=${cursor}`)).toBe(200);
    for (const other of ['sort=-price&name=same', 'name=same', 'sort=price', 'sort=price&name=sam']) {
      expect([other, await statusOf(`${other}&cursor=${cursor}`)]).toEqual([other, 422]);
    }
    expect(await statusOf(`sort=price&name=same&minPrice=1&cursor=${cursor}`)).toBe(422);
    expect(await statusOf(`sort=price&name=same&maxPrice=1&cursor=${cursor}`)).toBe(422);
  });

  it('rejects forged and damaged cursors', async () => {
    const cursor = await cursorOf('sort=name&limit=5');
    const content = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as [string, string, number];
    const [digest, name, id] = content;
    const encode = (...parts: unknown[]) => Buffer.from(JSON.stringify(parts)).toString('base64url');
    expect(encode(...content)).toBe(cursor);
    const forged = [
      ...['x', 'null', 'e30', '%00', '%F0%9F%98%80', 'A'.repeat(512), 'A'.repeat(513), `${cursor}=`, `${cursor}A`],
      ...[cursor.slice(0, -1), cursor.slice(1), cursor.toUpperCase(), `%20${cursor}`],
      ...[
        encode(digest, name, id + 1),
        encode(digest, 'Other', id),
        encode(digest, name),
        encode(digest, name, id, id),
      ],
      ...[
        encode(digest, name, 1e30),
        encode(digest, '\ud800', id),
        encode(digest, {}, id),
        encode(digest, id),
        encode(name, id),
      ],
    ];
    for (const text of forged) {
      const { status, body } = await client.get(`/menus?sort=name&cursor=${text}`);
      expect([text, status, body.errors?.[0]?.location]).toEqual([text, 422, ['query', 'cursor']]);
    }
    expect(await statusOf(`sort=name&cursor=${cursor}&cursor=${cursor}`)).toBe(422);
  });

  it.each(PLANS)('with %s finds the next page by an index seek', async (order, plans) => {
    const dataSource = app.app.get(DataSource);
    const cursor = await cursorOf(`${order}&limit=30`);
    const query = jest.spyOn(dataSource.driver.createQueryRunner('master'), 'query');
    await client.get(`/menus?${order}&cursor=${cursor}`);
    const statements = query.mock.calls.filter(([sql]) => sql.startsWith('SELECT'));
    query.mockRestore();
    const steps: string[] = [];
    for (const [sql, parameters] of statements) {
      const plan: { detail: string }[] = await dataSource.query(`EXPLAIN QUERY PLAN ${sql}`, parameters);
      steps.push(plan.map(({ detail }) => detail).join(', then '));
    }
    expect(steps).toEqual(plans);
  });
});

/** Inserts menus of one name; the price of each is its id. */
async function addRows({ app }: TestApp, first: number, last: number): Promise<void> {
  await app.get(UnitOfWork).run(async (manager) => {
    await manager.query(
      `WITH RECURSIVE ids(id) AS (SELECT ? UNION ALL SELECT id + 1 FROM ids WHERE id < ?)
       INSERT INTO menu (id, name, nameKey, price, version, createdAt, updatedAt)
       SELECT id, 'Same', 'same', id, 1, 0, 0 FROM ids`,
      [first, last],
    );
  });
}
