import type { EntityManager } from 'typeorm';
import { UnitOfWork } from '../../src/platform/database/index.js';
import type { ClientResponse, Client } from './client.js';
import type { TestApp } from './test-app.js';

/** A menu as the API shows it. */
export interface MenuBody {
  readonly id: number;
  readonly name: string;
  readonly price: number;
  readonly ownerId: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

let marks = 0;

/** Text that stands in no other menu's name, by which a test finds its own. */
export function uniqueMark(): string {
  marks += 1;
  return `#${marks}#`;
}

/** Adds a menu as a member; fails the test where that is refused. */
export async function addMenu(client: Client, fields: { name: string; price?: number }): Promise<MenuBody> {
  const answer = await client.post('/menus', { price: 4500, ...fields });
  if (answer.status !== 201) throw new Error(`Could not add ${JSON.stringify(fields)}: ${answer.text}`);
  return answer.body as MenuBody;
}

/** The names that a search finds, in order. */
export async function namesFound(client: Client, name: string, rest = ''): Promise<string[]> {
  const answer = await client.get(`/menus?limit=100&name=${encodeURIComponent(name)}${rest}`);
  if (answer.status !== 200) throw new Error(`Could not search ${name}: ${answer.text}`);
  return (answer.body.items as MenuBody[]).map((item) => item.name);
}

/** Follows `nextCursor` to the end; `between` runs after each page but the last. */
export async function allPages(
  client: Client,
  query: string,
  between: (page: MenuBody[]) => Promise<void> = () => Promise.resolve(),
): Promise<MenuBody[]> {
  const found: MenuBody[] = [];
  let cursor = '';
  for (;;) {
    const answer: ClientResponse = await client.get(`/menus?${query}${cursor}`);
    if (answer.status !== 200) throw new Error(`Could not list ${query}: ${answer.text}`);
    const page = answer.body as { items: MenuBody[]; nextCursor: string | null };
    found.push(...page.items);
    if (page.nextCursor === null) return found;
    cursor = `&cursor=${page.nextCursor}`;
    await between(page.items);
  }
}

/** Makes a member an administrator, as an operator does. */
export async function promote(app: TestApp, memberId: string): Promise<void> {
  await app.app.get(UnitOfWork).run(async (manager: EntityManager) => {
    await manager.update('Member', { id: memberId }, { role: 'admin' });
  });
}
