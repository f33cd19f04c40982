import type { Position } from '../platform/http/index.js';

/** The sort orders of the catalogue; `-` for descending. */
export const MENU_SORTS = ['id', 'name', 'price', '-id', '-name', '-price'] as const;

export type MenuSort = (typeof MENU_SORTS)[number];
type SortColumn = 'id' | 'name' | 'price';

/** Which menus are listed, and in which order. */
export interface MenuListing {
  readonly sort: MenuSort;
  /** Part of a `nameKey`. */
  readonly partOfNameKey?: string;
  readonly minPrice?: number;
  readonly maxPrice?: number;
}

/** The columns that put menus in order; the id, which is unique, comes last. */
export function sortColumns(sort: MenuSort): readonly SortColumn[] {
  const column = sort.replace('-', '') as SortColumn;
  return column === 'id' ? ['id'] : [column, 'id'];
}

export function isDescending(sort: MenuSort): boolean {
  return sort.startsWith('-');
}

export function positionOf(menu: Readonly<Record<SortColumn, string | number>>, { sort }: MenuListing): Position {
  return sortColumns(sort).map((column) => menu[column]);
}
