import { setImmediate as tick } from 'node:timers/promises';
import type { EntityManager } from 'typeorm';
import { UnitOfWork } from '../../src/platform/database/index.js';
import { sql } from './auth.js';
import type { Client } from './client.js';
import { untilJob } from './jobs.js';
import { addMenu, fetchAllPages, type MenuBody, searchNames, uniqueMark } from './menus.js';
import type { TestApp } from './test-app.js';

/** U+FF21 comes before U+1F600 by code point, and after it by UTF-16 unit; a collation for readers has `apple` before `Zebra`. */
const WORDS = ['Zebra', 'apple', 'éclair', '아메리카노', '\uff21', '\u{1f600}', 'Apple', 'ſ'];
const SORTS = ['id', 'name', 'price', '-id', '-name', '-price'] as const;
/** Menus written beside as many failing sign-ups and rolled-back transactions. */
const KEPT = 200;
const CONCURRENT = 20;

/** Tests of the catalogue, to run on either database. Call it inside a `describe`. */
export function testMenuCatalogue(running: () => TestApp): void {
  let member: Client;

  beforeAll(async () => {
    member = running().client();
    await member.signUpAndLogIn();
  });

  it('adds, shows, changes and removes a menu', async () => {
    const { id } = await addMenu(member, { name: 'Americano' });
    expect((await member.get(`/menus/${id}`)).body).toMatchObject({ name: 'Americano', price: 4500 });
    expect((await member.patch(`/menus/${id}`, { price: 5000 })).body).toMatchObject({
      name: 'Americano',
      price: 5000,
    });
    expect((await member.put(`/menus/${id}`, { name: 'Latte', price: 1 })).body).toMatchObject({ id, name: 'Latte' });
    expect((await member.delete(`/menus/${id}`)).status).toBe(204);
    expect((await member.get(`/menus/${id}`)).status).toBe(404);
  });

  it('imports a file: creates menus with new names, and updates the others', async () => {
    const mark = uniqueMark();
    await addMenu(member, { name: `Latte ${mark}` });
    const raw = `name,price\nTea ${mark},8\nLatte ${mark},7\n`;
    const headers = { 'content-type': 'text/csv' };
    const { body } = await member.request('POST', '/menus/import', { raw, headers });
    await untilJob(member, body.id, 'succeeded');
    const found = await fetchAllPages(member, `sort=price&name=${encodeURIComponent(mark)}`);
    expect(found.map(({ name, price }) => [name, price])).toEqual([
      [`Latte ${mark}`, 7],
      [`Tea ${mark}`, 8],
    ]);
  });

  it.each(SORTS)('pages through every menu once, sorted by %s, while others are added and deleted', async (sort) => {
    const mark = uniqueMark();
    const lasting = await Promise.all(
      Array.from({ length: 57 }, (_, index) =>
        addMenu(member, { name: `${WORDS[index % WORDS.length]}${mark}`, price: 100 * (index % 5) }),
      ),
    );
    const found = await fetchAllPages(
      member,
      `sort=${sort}&limit=10&name=${encodeURIComponent(mark)}`,
      async (page) => {
        // Deletes the menu at the cursor, and adds menus before and after it.
        await member.delete(`/menus/${page.at(-1)!.id}`);
        await addMenu(member, { name: `A new one ${mark}`, price: 0 });
        await addMenu(member, { name: `\u{1f600} new ${mark}`, price: 1_000_000_000 });
      },
    );
    expect(found).toEqual(found.toSorted(inOrderOf(sort)));
    expect(new Set(found.map(({ id }) => id)).size).toBe(found.length);
    expect(found.map(({ id }) => id)).toEqual(expect.arrayContaining(lasting.map(({ id }) => id)));
  });

  it.each([
    ['Straße', 'STRASSE'],
    ['STRASSE', 'straße'],
    ['STRAẞE', 'strasse'],
    ['ΣΊΣΥΦΟΣ', 'σίσυφος'],
    ['σίσυφος', 'ΣΊΣΥΦΟΣ'],
    ['Caf\u00e9', 'CAFE\u0301'],
    ['Cafe\u0301', 'cAF\u00c9'],
    ['ſalz', 'SALZ'],
    ['ΜΑΪ́ΟΥ', 'μαΐου'],
    ['КОФЕ', 'кофе'],
    ['아메리카노', '메리'],
    ['100% Arabica', '% a'],
    ['so_called', 'O_C'],
    ['back\\slash', 'K\\S'],
  ])('finds %s when searching for %s', async (name, part) => {
    const { id } = await addMenu(member, { name });
    expect(await searchNames(member, part)).toContain(name);
    await member.delete(`/menus/${id}`);
  });

  it('treats % and _ in a search literally', async () => {
    const mark = uniqueMark();
    await addMenu(member, { name: `5 percent ${mark}` });
    await addMenu(member, { name: `5% ${mark}` });
    await addMenu(member, { name: `5_ ${mark}` });
    expect(await searchNames(member, `5% ${mark}`)).toEqual([`5% ${mark}`]);
    expect(await searchNames(member, `5_ ${mark}`)).toEqual([`5_ ${mark}`]);
    expect(await searchNames(member, `5%${mark}`)).toEqual([]);
  });

  it('filters by price', async () => {
    const mark = uniqueMark();
    for (const price of [0, 10, 20, 30]) await addMenu(member, { name: `${price} ${mark}`, price });
    const names = (rest: string) => searchNames(member, mark, `&sort=price&${rest}`);
    expect(await names('minPrice=10&maxPrice=20')).toEqual([`10 ${mark}`, `20 ${mark}`]);
    expect(await names('minPrice=30')).toEqual([`30 ${mark}`]);
    expect(await names('maxPrice=0')).toEqual([`0 ${mark}`]);
  });

  it('accepts one of two concurrent changes with the same If-Match', async () => {
    for (let round = 0; round < 10; round += 1) {
      const created = await member.post('/menus', { name: 'Raced for', price: 0 });
      const { id } = created.body as MenuBody;
      const headers = { 'if-match': created.headers.get('etag')! };
      const responses = await Promise.all([1, 2].map((price) => member.patch(`/menus/${id}`, { price }, { headers })));
      expect(responses.map(({ status }) => status).toSorted()).toEqual([200, 412]);
      const winner = responses.find(({ status }) => status === 200)!;
      const now = await member.get(`/menus/${id}`);
      expect(now.body).toEqual(winner.body);
      expect(now.headers.get('etag')).toBe(winner.headers.get('etag'));
    }
  });

  it('keeps every acknowledged menu beside concurrent rollbacks', async () => {
    const mark = uniqueMark();
    const taken = { email: `taken-${process.pid}@cafe.example`, password: 'somebody else has this one' };
    await member.post('/auth/signup', taken);
    for (let first = 0; first < KEPT; first += CONCURRENT) {
      // Otherwise the limit on failed sign-ups would refuse some of them.
      await sql(running(), 'DELETE FROM failure_count');
      const rounds = Array.from({ length: CONCURRENT }, (_, index) => first + index);
      const outcomes = await Promise.allSettled(
        rounds.flatMap((index) => [
          member.post('/auth/signup', taken),
          rolledBackWrite(running(), `Rolled back ${index} ${mark}`),
          member.post('/menus', { name: `Kept ${index} ${mark}`, price: index }),
        ]),
      );
      expect(outcomes).toMatchObject(
        rounds.flatMap(() => [
          { status: 'fulfilled', value: { status: 409 } },
          { status: 'rejected', reason: { message: 'rolled back' } },
          { status: 'fulfilled', value: { status: 201 } },
        ]),
      );
    }
    const found = await fetchAllPages(member, `sort=price&limit=100&name=${encodeURIComponent(mark)}`);
    expect(found.map(({ name }) => name)).toEqual(Array.from({ length: KEPT }, (_, index) => `Kept ${index} ${mark}`));
  }, 120_000);
}

/** A transaction that inserts a menu, yields to the event loop, and fails. */
function rolledBackWrite({ app }: TestApp, name: string): Promise<void> {
  const instants = { createdAt: new Date(), updatedAt: new Date() };
  return app.get(UnitOfWork).run(async (manager: EntityManager) => {
    await manager.insert('Menu', {
      name,
      nameKey: name.toLowerCase(),
      price: 1,
      ownerId: null,
      version: 1,
      ...instants,
    });
    await tick();
    throw new Error('rolled back');
  });
}

function inOrderOf(sort: (typeof SORTS)[number]): (a: MenuBody, b: MenuBody) => number {
  const sign = sort.startsWith('-') ? -1 : 1;
  const column = sort.replace('-', '') as 'id' | 'name' | 'price';
  return (a, b) => sign * (compare(a[column], b[column]) || a.id - b.id);
}

function compare(a: string | number, b: string | number): number {
  if (typeof a === 'number' || typeof b === 'number') return Number(a) - Number(b);
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
