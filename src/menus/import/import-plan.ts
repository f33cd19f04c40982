import type { MenuFields } from '../menus.service.js';

export const IMPORT_OUTCOMES = ['created', 'updated', 'unchanged'] as const;

/** What becomes of a row: a menu of the member's with its name gets its price, else there is a new one. */
export type ImportOutcome = (typeof IMPORT_OUTCOMES)[number];

/**
 * What becomes of rows, one after the other: a name that is there twice is changed by the second.
 *
 * @param prices of the menus there are, by name; becomes what they will be
 */
export function planOf(rows: readonly MenuFields[], prices: Map<string, number>): ImportOutcome[] {
  return rows.map(({ name, price }) => {
    const known = prices.get(name);
    prices.set(name, price);
    if (known === undefined) return 'created';
    return known === price ? 'unchanged' : 'updated';
  });
}

/** By name, of several of the same name the last. */
export function pricesOf(menus: readonly MenuFields[]): Map<string, number> {
  return new Map(menus.map(({ name, price }) => [name, price]));
}
