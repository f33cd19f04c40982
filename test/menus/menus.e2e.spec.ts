import { startRequest } from '../support/auth.js';
import type { Client } from '../support/client.js';
import { testMenuCatalogue } from '../support/menu-behaviour.js';
import { addMenu, searchNames, promote } from '../support/menus.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const UNKNOWN_IDS = ['2000000000', '2147483648', '9007199254740993', '99999999999999999999999', '9'.repeat(400)];

describe('menus', () => {
  let app: TestApp;
  let owner: Client;
  let ownerId: string;
  let other: Client;
  let admin: Client;
  let anyone: Client;

  beforeAll(async () => {
    app = await startTestApp();
    [owner, other, admin, anyone] = [app.client(), app.client(), app.client(), app.client()];
    ({ id: ownerId } = await owner.signUpAndLogIn());
    await other.signUpAndLogIn();
    await promote(app, (await admin.signUpAndLogIn()).id);
  });

  afterAll(() => app.close());

  testMenuCatalogue(() => app);

  describe('POST /menus', () => {
    it('returns the menu with its Location and ETag', async () => {
      const response = await owner.post('/menus', { name: '  아메리카노 ', price: 4500 });
      expect(response.status).toBe(201);
      const { id, createdAt } = response.body;
      expect(response.body).toEqual({ id, name: '아메리카노', price: 4500, ownerId, createdAt, updatedAt: createdAt });
      expect(createdAt).toMatch(INSTANT);
      expect(response.headers.get('location')).toBe(`/menus/${id}`);
      expect(response.headers.get('etag')).toMatch(/^"[\x21\x23-\x7e]+"$/);
      const shown = await anyone.get(`/menus/${id}`);
      expect(shown.body).toEqual(response.body);
      expect(shown.headers.get('etag')).toBe(response.headers.get('etag'));
    });

    it('never reuses an id', async () => {
      const { id } = await addMenu(owner, { name: 'Short-lived' });
      await owner.delete(`/menus/${id}`);
      expect((await addMenu(owner, { name: 'Another' })).id).toBeGreaterThan(id);
    });
  });

  describe('withdrawal of the owner', () => {
    it('keeps the menu without an owner, under a new ETag', async () => {
      const leaver = app.client();
      const { password } = await leaver.signUpAndLogIn();
      const created = await leaver.post('/menus', { name: 'Left behind', price: 1 });
      expect((await leaver.delete('/auth/me', { password })).status).toBe(204);
      const left = await anyone.get(`/menus/${created.body.id}`);
      expect(left.body).toMatchObject({ name: 'Left behind', ownerId: null });
      expect(left.headers.get('etag')).not.toBe(created.headers.get('etag'));
      expect((await owner.delete(`/menus/${created.body.id}`)).status).toBe(403);
      expect((await admin.delete(`/menus/${created.body.id}`)).status).toBe(204);
    });

    it('refuses a menu whose sender withdraws while the request is in flight', async () => {
      const leaver = app.client();
      const { password } = await leaver.signUpAndLogIn();
      const slow = await startRequest(leaver, 'POST', '/menus', { name: 'Too late', price: 1 });
      expect((await leaver.delete('/auth/me', { password })).status).toBe(204);
      expect(await slow.finish()).toBe(401);
      expect(await searchNames(anyone, 'Too late')).toEqual([]);
    });
  });

  describe('authorization of changes', () => {
    it('answers 401 to anonymous callers before any other check', async () => {
      const { id } = await addMenu(owner, { name: 'Mine' });
      const responses = await Promise.all([
        anyone.post('/menus', { name: '' }),
        anyone.put(`/menus/${id}`, { name: '' }),
        anyone.patch(`/menus/${id}`, {}),
        anyone.delete('/menus/nothing'),
      ]);
      expect(responses.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
      expect(responses[0]?.body.code).toBe('auth.required');
    });

    it('refuses changes by another member', async () => {
      const { id } = await addMenu(owner, { name: 'Mine' });
      const headers = { 'if-match': '"stale"' };
      const responses = await Promise.all([
        other.put(`/menus/${id}`, { name: 'Theirs', price: 1 }, { headers }),
        other.patch(`/menus/${id}`, { name: 'Theirs' }),
        other.delete(`/menus/${id}`),
      ]);
      expect(responses.map(({ status, body }) => [status, body.code])).toEqual(Array(3).fill([403, 'menu.not-yours']));
      expect((await anyone.get(`/menus/${id}`)).body.name).toBe('Mine');
    });

    it('lets an administrator change any menu without becoming its owner', async () => {
      const { id } = await addMenu(owner, { name: 'Mine' });
      const changed = await admin.patch(`/menus/${id}`, { price: 1 });
      expect(changed.status).toBe(200);
      expect(changed.body).toMatchObject({ name: 'Mine', price: 1, ownerId });
      expect((await admin.delete(`/menus/${id}`)).status).toBe(204);
    });

    it('validates the fields first, then the existence of the menu, then its owner', async () => {
      const { id } = await addMenu(owner, { name: 'Mine' });
      expect((await other.patch(`/menus/${id}`, { price: -1 })).status).toBe(422);
      expect((await other.patch('/menus/2000000000', { price: -1 })).status).toBe(422);
      expect((await other.patch('/menus/2000000000', { price: 1 })).status).toBe(404);
      expect((await other.delete('/menus/2000000000')).body.code).toBe('menu.not-found');
    });
  });

  describe('GET /menus/{id}', () => {
    it.each(UNKNOWN_IDS)('answers 404 for the unknown id %s', async (id) => {
      const responses = await Promise.all([
        anyone.get(`/menus/${id}`),
        owner.put(`/menus/${id}`, { name: 'A', price: 1 }),
        owner.delete(`/menus/${id}`),
      ]);
      expect(responses.map(({ status, body }) => [status, body.code])).toEqual(Array(3).fill([404, 'menu.not-found']));
    });

    it('answers 304 if If-None-Match names the current ETag', async () => {
      const created = await owner.post('/menus', { name: 'Known', price: 1 });
      const path = `/menus/${created.body.id}`;
      const tag = created.headers.get('etag')!;
      const status = async (known: string) => (await anyone.get(path, { headers: { 'if-none-match': known } })).status;
      expect(await Promise.all([tag, `W/${tag}`, `"x", ${tag}`, '*', ` W/"," ,${tag} `].map(status))).toEqual(
        Array(5).fill(304),
      );
      expect(await Promise.all(['"x"', `${tag}x`, tag.slice(1, -1), `w/${tag}`].map(status))).toEqual(
        Array(4).fill(200),
      );
    });

    it('sends a 304 with the ETag and without a body', async () => {
      const created = await owner.post('/menus', { name: 'Known', price: 1 });
      const path = `/menus/${created.body.id}`;
      const tag = created.headers.get('etag')!;
      const response = await anyone.get(path, { headers: { 'if-none-match': tag } });
      expect(response.text).toBe('');
      expect(response.headers.get('etag')).toBe(tag);
      expect(response.headers.get('cache-control')).toBe('no-cache');
    });

    it('lets caches store menus, but makes them revalidate', async () => {
      const { id } = await addMenu(owner, { name: 'Cached' });
      expect((await anyone.get(`/menus/${id}`)).headers.get('cache-control')).toBe('no-cache');
      expect((await anyone.get('/menus')).headers.get('cache-control')).toBe('no-cache');
      expect((await anyone.get('/menus/2000000000')).headers.get('cache-control')).toBe('no-store');
    });
  });

  describe('ETag and If-Match', () => {
    it('gives each state its own ETag', async () => {
      const created = await owner.post('/menus', { name: 'Changing', price: 1 });
      const path = `/menus/${created.body.id}`;
      const put = await owner.put(path, { name: 'Changing', price: 2 });
      const patched = await owner.patch(path, { name: 'Changed' });
      const tags = [created, put, patched].map(({ headers }) => headers.get('etag'));
      expect(new Set(tags).size).toBe(3);
      expect((await anyone.get(path)).headers.get('etag')).toBe(tags[2]);
      expect(patched.body.updatedAt >= created.body.updatedAt).toBe(true);
      expect(patched.body.createdAt).toBe(created.body.createdAt);
    });

    it('keeps the ETag if a write changes nothing', async () => {
      const created = await owner.post('/menus', { name: 'Constant', price: 1 });
      const same = await owner.put(`/menus/${created.body.id}`, { name: 'Constant', price: 1 });
      expect(same.status).toBe(200);
      expect(same.headers.get('etag')).toBe(created.headers.get('etag'));
      expect(same.body).toEqual(created.body);
    });

    it.each(['PUT', 'PATCH', 'DELETE'])('refuses %s with a stale If-Match', async (method) => {
      const created = await owner.post('/menus', { name: 'Moving on', price: 1 });
      const path = `/menus/${created.body.id}`;
      const tag = created.headers.get('etag')!;
      await owner.patch(path, { price: 2 });
      const now = (await anyone.get(path)).headers.get('etag')!;
      for (const stale of [tag, `W/${now}`, '"x", "y"', 'x', now.slice(1), `${now} ${now}`, '', `x, ${now}`]) {
        const json = method === 'DELETE' ? undefined : { name: 'Too late', price: 3 };
        const response = await owner.request(method, path, { json, headers: { 'if-match': stale } });
        expect([stale, response.status, response.body?.code]).toEqual([stale, 412, 'menu.stale']);
      }
      expect((await anyone.get(path)).headers.get('etag')).toBe(now);
    });

    it('accepts the current ETag, a list that contains it, and *', async () => {
      const created = await owner.post('/menus', { name: 'Followed', price: 0 });
      const path = `/menus/${created.body.id}`;
      let tag = created.headers.get('etag')!;
      const headers = [(now: string) => now, (now: string) => `W/"a,b", "c" ,${now}`, () => '*'];
      for (const [index, header] of headers.entries()) {
        const response = await owner.patch(path, { price: index + 1 }, { headers: { 'if-match': header(tag) } });
        expect(response.status).toBe(200);
        tag = response.headers.get('etag')!;
      }
      expect((await owner.delete(path, undefined, { headers: { 'if-match': tag } })).status).toBe(204);
    });

    it('answers 404, not 412, for an unknown menu', async () => {
      const headers = { 'if-match': '*' };
      expect((await owner.patch('/menus/2000000000', { price: 1 }, { headers })).status).toBe(404);
    });
  });

  it('answers 405 with the allowed methods', async () => {
    const list = await owner.put('/menus', {});
    expect([list.status, list.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS, POST']);
    const one = await owner.post('/menus/1', {});
    expect([one.status, one.headers.get('allow')]).toEqual([405, 'DELETE, GET, HEAD, OPTIONS, PATCH, PUT']);
  });
});
