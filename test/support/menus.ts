import type { EntityManager } from 'typeorm';
import { UnitOfWork } from '../../src/platform/database/index.js';
import type { ClientResponse, Client } from './client.js';
import type { TestApp } from './test-app.js';

/** A menu as the API returns it. */
export interface MenuBody {
  readonly id: number;
  readonly name: string;
  readonly price: number;
  readonly ownerId: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

let marks = 0;

/** Text that occurs in no other menu name, so that a test finds its own menus. */
export function uniqueMark(): string {
  marks += 1;
  return `#${marks}#`;
}

/** Adds a menu; throws if the server refuses it. */
export async function addMenu(client: Client, fields: { name: string; price?: number }): Promise<MenuBody> {
  const response = await client.post('/menus', { price: 4500, ...fields });
  if (response.status !== 201) throw new Error(`Could not add ${JSON.stringify(fields)}: ${response.text}`);
  return response.body as MenuBody;
}

/** The names of the menus that a search returns, in order. */
export async function searchNames(client: Client, name: string, rest = ''): Promise<string[]> {
  const response = await client.get(`/menus?limit=100&name=${encodeURIComponent(name)}${rest}`);
  if (response.status !== 200) throw new Error(`Could not search ${name}: ${response.text}`);
  return (response.body.items as MenuBody[]).map((item) => item.name);
}

/** Follows `nextCursor` to the last page; `between` runs after each page before it. */
export async function fetchAllPages(
  client: Client,
  query: string,
  between: (page: MenuBody[]) => Promise<void> = () => Promise.resolve(),
): Promise<MenuBody[]> {
  const found: MenuBody[] = [];
  let cursor = '';
  for (;;) {
    const response: ClientResponse = await client.get(`/menus?${query}${cursor}`);
    if (response.status !== 200) throw new Error(`Could not list ${query}: ${response.text}`);
    const page = response.body as { items: MenuBody[]; nextCursor: string | null };
    found.push(...page.items);
    if (page.nextCursor === null) return found;
    cursor = `&cursor=${page.nextCursor}`;
    await between(page.items);
  }
}

/** Gives a member the role of an administrator. */
export async function promote(app: TestApp, memberId: string): Promise<void> {
  await app.app.get(UnitOfWork).run(async (manager: EntityManager) => {
    await manager.update('Member', { id: memberId }, { role: 'admin' });
  });
}
