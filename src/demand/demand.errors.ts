import { ForbiddenError } from '../auth/index.js';

export class SaleNotYoursError extends ForbiddenError {
  constructor() {
    super('sale.not-yours', 'Only the owner of a menu, or an administrator, may record its sales.');
  }
}
