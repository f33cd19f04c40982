import { getSchemaPath, type OpenAPIObject } from '@nestjs/swagger';
import { fileContents } from '../../platform/records/index.js';
import { MenuFieldsDto } from '../dto/menu-fields.dto.js';

const EXAMPLE = { name: 'Americano', price: 4500 };

/** The import takes files: what they hold differs by media type, which decorators cannot say. */
export function describeImport({ paths }: OpenAPIObject): void {
  const schema = { type: 'array', items: { $ref: getSchemaPath(MenuFieldsDto) } };
  Object.assign(paths['/menus/import']?.post ?? {}, {
    requestBody: {
      required: true,
      content: { 'application/json': { schema, example: [EXAMPLE] }, ...fileContents(EXAMPLE, true) },
    },
  });
}
