import {
  ChoiceField,
  CursorParameter,
  DEFAULT_LIMIT,
  IntegerParameter,
  LimitParameter,
  TextField,
} from '../../platform/http/index.js';
import { MAX_PRICE } from '../entities/menu.entity.js';
import { MENU_SORTS, type MenuListing, type MenuSort } from '../menu-listing.js';
import { nameKey } from '../name-key.js';

const DEFAULT_SORT = 'id';
/** 32 code points, each sent as up to four: a base character and combining marks. */
const MAX_SEARCH_LENGTH = 128;
const PRICE = { optional: true, min: 0, max: MAX_PRICE };

export class ListMenusDto {
  @TextField({
    optional: true,
    maxLength: MAX_SEARCH_LENGTH,
    trim: false,
    description: 'Part of the name; case is ignored',
  })
  name?: string;

  @IntegerParameter({ ...PRICE, description: 'The lowest price to list' })
  minPrice?: number;

  @IntegerParameter({ ...PRICE, description: 'The highest price to list' })
  maxPrice?: number;

  @ChoiceField(MENU_SORTS, { optional: true, default: DEFAULT_SORT, description: 'Names sort by code point' })
  sort: MenuSort = DEFAULT_SORT;

  @LimitParameter()
  limit: number = DEFAULT_LIMIT;

  @CursorParameter('The `nextCursor` of the previous page, with the same sort and filter')
  cursor?: string;

  listing(): MenuListing {
    const { sort, name, minPrice, maxPrice } = this;
    return { sort, minPrice, maxPrice, partOfNameKey: name === undefined ? undefined : nameKey(name) };
  }
}
