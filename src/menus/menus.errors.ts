import { ForbiddenError } from '../auth/index.js';
import { DomainError, InvalidInputError } from '../platform/http/index.js';

export class MenuNotFoundError extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'menu.not-found';

  constructor() {
    super('There is no menu with this id.');
  }
}

export class MenuNotYoursError extends ForbiddenError {
  constructor() {
    super('menu.not-yours', 'Only the owner of a menu, or an administrator, may change or delete it.');
  }
}

export class MenuStaleError extends DomainError {
  readonly kind = 'stale';
  readonly code = 'menu.stale';

  constructor() {
    super(
      'The menu has changed since the state that If-Match names. Read it again, and send the ETag of that response.',
    );
  }
}

export class NothingToChangeError extends InvalidInputError {
  constructor() {
    super([{ location: ['body'], type: 'empty', message: 'body must have at least one of name and price' }]);
  }
}

export class PriceRangeError extends InvalidInputError {
  constructor() {
    super([{ location: ['query', 'minPrice'], type: 'range', message: 'minPrice must not be greater than maxPrice' }]);
  }
}
