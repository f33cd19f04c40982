import { getSchemaPath, type OpenAPIObject } from '@nestjs/swagger';
import { fileBodyContent } from '../../platform/records/index.js';
import { MenuFieldsDto } from '../dto/menu-fields.dto.js';

const EXAMPLE = { name: 'Americano', price: 4500 };

/** Documents the request body, whose schema differs by media type: decorators cannot express that. */
export function describeImport({ paths }: OpenAPIObject): void {
  const schema = { type: 'array', items: { $ref: getSchemaPath(MenuFieldsDto) } };
  Object.assign(paths['/menus/import']?.post ?? {}, {
    requestBody: {
      required: true,
      content: { 'application/json': { schema, example: [EXAMPLE] }, ...fileBodyContent(EXAMPLE, true) },
    },
  });
}
