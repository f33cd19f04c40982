import { SetMetadata } from '@nestjs/common';

export const ANY_QUERY = Symbol('any query');

/** For pages: query parameters that nobody reads (a campaign's, a browser extension's) are let be. */
export const AnyQuery = (): MethodDecorator => SetMetadata(ANY_QUERY, true);
