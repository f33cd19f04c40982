import { SetMetadata } from '@nestjs/common';

export const ANY_QUERY = Symbol('any query');

/** The requests that may have any query: all, or those that get a page where the handler also answers with JSON. */
export type AnyQueryRule = 'all' | 'pages';

/** For pages: allows unknown query parameters, such as those of campaigns, messengers and browser extensions. */
export const AnyQuery = (rule: AnyQueryRule = 'all'): MethodDecorator => SetMetadata(ANY_QUERY, rule);
