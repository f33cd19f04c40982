import { SetMetadata } from '@nestjs/common';

export const ANY_QUERY = Symbol('any query');

/** For pages: allows unknown query parameters, such as those of campaigns and browser extensions. */
export const AnyQuery = (): MethodDecorator => SetMetadata(ANY_QUERY, true);
