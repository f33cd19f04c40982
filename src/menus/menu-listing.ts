import type { Position } from '../platform/http/index.js';

/** The sort orders of the catalogue; `-` means descending. */
export const MENU_SORTS = ['id', 'name', 'price', '-id', '-name', '-price'] as const;

export type MenuSort = (typeof MENU_SORTS)[number];
type SortColumn = 'id' | 'name' | 'price';

/** Filter and sort order of a list request. */
export interface MenuListing {
  readonly sort: MenuSort;
  /** A substring of `nameKey`. */
  readonly partOfNameKey?: string;
  readonly minPrice?: number;
  readonly maxPrice?: number;
}

/** The columns to sort by. The id comes last as the unique tie-breaker. */
export function sortColumns(sort: MenuSort): readonly SortColumn[] {
  const column = sort.replace('-', '') as SortColumn;
  return column === 'id' ? ['id'] : [column, 'id'];
}

export function isDescending(sort: MenuSort): boolean {
  return sort.startsWith('-');
}

/** The sort position of a menu, from which a cursor is made. */
export function positionOf(menu: Readonly<Record<SortColumn, string | number>>, { sort }: MenuListing): Position {
  return sortColumns(sort).map((column) => menu[column]);
}
