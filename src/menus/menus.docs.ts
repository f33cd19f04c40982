import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiResponse } from '@nestjs/swagger';
import { ApiProblems } from '../platform/http/index.js';
import { MenuDto } from './dto/menu.dto.js';

export const ETAG_HEADER = {
  description: 'Strong entity tag of this state of the menu',
  schema: { type: 'string' as const, example: '"1-1"' },
};

const LOCATION_HEADER = {
  description: 'The URL of the new menu',
  schema: { type: 'string' as const, example: '/menus/1' },
};

/** Documents a response that holds one menu. */
export function ApiMenu(status: 200 | 201, description: string): MethodDecorator {
  const headers = { ETag: ETAG_HEADER, ...(status === 201 ? { Location: LOCATION_HEADER } : {}) };
  return ApiResponse({ status, description, type: MenuDto, headers });
}

/** Documents a change by the owner or an administrator, with its optional precondition. */
export function ApiMenuChange(problems: Readonly<Record<number, string>> = {}): MethodDecorator {
  return applyDecorators(
    ApiHeader({
      name: 'If-Match',
      required: false,
      description: 'The `ETag` of the state to change; `*` for any. Without it the change is unconditional',
      schema: { type: 'string' },
    }),
    ApiProblems({
      403: 'Not yours, and you are not an administrator',
      404: 'No such menu',
      412: 'The menu has changed since the state that If-Match names',
      422: 'A field is wrong',
      503: 'The database cannot be reached, or is busy',
      507: 'The database is full',
      ...problems,
    }),
  );
}
