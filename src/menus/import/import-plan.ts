import type { MenuFields } from '../menus.service.js';

export const IMPORT_OUTCOMES = ['created', 'updated', 'unchanged'] as const;

/** Effect of a row: it updates the member's menu of the same name, or creates a menu. */
export type ImportOutcome = (typeof IMPORT_OUTCOMES)[number];

/**
 * The outcome of each row, in order. Of two rows with the same name, the second updates the menu of the first.
 *
 * @param prices current prices by menu name; updated in place to the prices after the import
 */
export function planImport(rows: readonly MenuFields[], prices: Map<string, number>): ImportOutcome[] {
  return rows.map(({ name, price }) => {
    const current = prices.get(name);
    prices.set(name, price);
    if (current === undefined) return 'created';
    return current === price ? 'unchanged' : 'updated';
  });
}

/** Prices by menu name; the last of several menus with the same name wins. */
export function indexPrices(menus: readonly MenuFields[]): Map<string, number> {
  return new Map(menus.map(({ name, price }) => [name, price]));
}
