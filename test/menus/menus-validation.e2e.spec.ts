import type { Client } from '../support/client.js';
import { addMenu } from '../support/menus.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const VALID = { name: 'Americano', price: 4500 };

describe('validation of menus', () => {
  let app: TestApp;
  let member: Client;
  let path: string;

  beforeAll(async () => {
    app = await startTestApp();
    member = app.client();
    await member.signUpAndLogIn();
    path = `/menus/${(await addMenu(member, VALID)).id}`;
  });

  afterAll(() => app.close());

  /** Bodies as JSON text: object literals cannot express all of them. */
  const invalid: [field: string, body: string][] = [
    ...['"4500"', '1e21', '4500.5', 'null', '[]', '[4500]', '{}', '-1', '1000000001', 'true', '""'].map(
      (price): [string, string] => ['price', `{"name":"Americano","price":${price}}`],
    ),
    ...[
      '1',
      'null',
      '[]',
      '["Americano"]',
      '{}',
      'true',
      '""',
      '" "',
      '"\\t\\u3000\\n"',
      '"a\\u0000b"',
      '"\\ud800"',
    ].map((name): [string, string] => ['name', `{"name":${name},"price":1}`]),
    ['name', JSON.stringify({ name: 'x'.repeat(33), price: 1 })],
    ['name', JSON.stringify({ name: '\u{1f600}'.repeat(33), price: 1 })],
    ['name', JSON.stringify({ name: 'x'.repeat(100_000), price: 1 })],
    ...['id', 'ownerId', 'version', 'nameKey', 'createdAt', '__proto__', 'constructor', 'prototype', 'Name'].map(
      (field): [string, string] => [field, `{"name":"Americano","price":1,"${field}":1}`],
    ),
  ];

  it.each(invalid)('rejects an invalid %s: %s', async (field, raw) => {
    const headers = { 'content-type': 'application/json' };
    for (const [method, target] of [
      ['POST', '/menus'],
      ['PUT', path],
      ['PATCH', path],
    ] as const) {
      const { status, body } = await member.request(method, target, { raw, headers });
      expect([method, status, body.errors]).toEqual([
        method,
        422,
        [{ location: ['body', field], type: expect.any(String), message: expect.stringContaining(field) }],
      ]);
    }
  });

  it('stores nothing of a rejected request', async () => {
    expect((await member.get('/menus')).body.items).toMatchObject([VALID]);
  });

  it('names every invalid field', async () => {
    const { body } = await member.post('/menus', { price: -1, size: 'L' });
    const locations = body.errors.map(({ location }: { location: string[] }) => location);
    expect(locations.toSorted()).toEqual([
      ['body', 'name'],
      ['body', 'price'],
      ['body', 'size'],
    ]);
  });

  it.each([{ name: 'Americano' }, { price: 1 }, {}, [], 1, 'text', null, [VALID]])(
    'rejects %j as a complete menu',
    async (json) => {
      expect((await member.post('/menus', json)).status).toBe(422);
      expect((await member.put(path, json)).status).toBe(422);
    },
  );

  it.each([{}, [], null, undefined])('rejects %j as an empty change', async (json) => {
    const { status, body } = await member.patch(path, json);
    expect([status, body.errors[0].location]).toEqual([422, ['body']]);
  });

  it.each([
    ['x'.repeat(32), 0],
    ['\u{1f600}'.repeat(32), 1_000_000_000],
    [' 아메리카노\n', 1],
    ["'); DROP TABLE menu; --", 1],
  ])('accepts the name %s at the price %d', async (name, price) => {
    const { status, body } = await member.post('/menus', { name, price });
    expect([status, body.name, body.price]).toEqual([201, name.trim(), price]);
    expect((await member.get(`/menus/${body.id}`)).body).toEqual(body);
    await member.delete(`/menus/${body.id}`);
  });

  it.each(['minPrice=4500.0&maxPrice=4500.0', 'minPrice=4.5E%2B03&maxPrice=%2B4500'])(
    'reads whole numbers in the query as data may have them: %s',
    async (query) => {
      const { body: menu } = await member.post('/menus', { name: 'Whole number', price: 4500 });
      const { status, body } = await member.get(`/menus?name=Whole number&${query}`);
      expect([status, body.items]).toEqual([200, [menu]]);
      await member.delete(`/menus/${menu.id}`);
    },
  );

  it.each([
    ['limit', 'limit=0'],
    ['limit', 'limit=101'],
    ['limit', 'limit=1e1'],
    ['limit', 'limit=5.5'],
    ['limit', 'limit='],
    ['limit', 'limit=5&limit=6'],
    ['limit[]', 'limit[]=5'],
    ['sort', 'sort=ownerId'],
    ['sort', 'sort='],
    ['sort', 'sort=id&sort=name'],
    ['sort', 'sort=constructor'],
    ['minPrice', 'minPrice=-1'],
    ['minPrice', 'minPrice='],
    ['minPrice', 'minPrice=2&maxPrice=1'],
    ['maxPrice', 'maxPrice=1000000001'],
    ['maxPrice', 'maxPrice=0x10'],
    ['name', 'name='],
    ['name', 'name=a&name=b'],
    ['name', 'name=a%00b'],
    ['name', `name=${'x'.repeat(129)}`],
    ['cursor', 'cursor='],
    ['page', 'page=2'],
    ['__proto__', '__proto__=1'],
  ])('rejects an invalid %s in ?%s', async (field, query) => {
    const { status, body } = await member.get(`/menus?${query}`);
    expect([status, body.errors?.[0]?.location]).toEqual([422, ['query', field]]);
  });

  it.each(['abc', '1.5', '1e1', '0', '-1', '01', '+1', '%20', '1%00', '%EC%95%84'])('rejects the id %s', async (id) => {
    const responses = await Promise.all([
      member.get(`/menus/${id}`),
      member.put(`/menus/${id}`, VALID),
      member.patch(`/menus/${id}`, VALID),
      member.delete(`/menus/${id}`),
    ]);
    for (const { status, body } of responses) expect([status, body.errors[0].location]).toEqual([422, ['path', 'id']]);
  });

  it('rejects query parameters on operations without any', async () => {
    const responses = await Promise.all([
      member.post('/menus?dry=1', VALID),
      member.get(`${path}?fields=name`),
      member.delete(`${path}?force=1`),
    ]);
    expect(responses.map(({ status }) => status)).toEqual([422, 422, 422]);
  });

  it('distinguishes malformed JSON, another media type and a body that is too large', async () => {
    const send = async (raw: string, type: string) => {
      const { status } = await member.request('POST', '/menus', { raw, headers: { 'content-type': type } });
      return status;
    };
    expect(await send('{"name":', 'application/json')).toBe(400);
    expect(await send('name=Americano&price=1', 'application/x-www-form-urlencoded')).toBe(415);
    expect(await send(JSON.stringify(VALID), 'text/plain')).toBe(415);
    expect(await send(JSON.stringify({ ...VALID, note: 'x'.repeat(1_100_000) }), 'application/json')).toBe(413);
  });
});
