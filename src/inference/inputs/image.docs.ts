import { type ImageFormat, imageShape, type JsonSchema } from '../../serving/index.js';

const FILE = { type: 'string', format: 'binary' };

/** Describes the JSON Schema of a row as an image. */
export function imageSchema(row: JsonSchema, format: ImageFormat): JsonSchema {
  const { width, height } = format;
  const shape = imageShape(format).join(', ');
  const description = `An image, resized to ${width} × ${height}: send PNG, JPEG or WebP files. In JSON: its values, in the shape [${shape}]`;
  return { ...row, description };
}

/** The media types of a body of images, for OpenAPI. */
export function imageBodyContent(): Record<string, object> {
  const file = { type: 'array', items: FILE, minItems: 1 };
  const form = { type: 'object', required: ['file'], properties: { file }, additionalProperties: false };
  const description = 'One or more PNG, JPEG or WebP images; one prediction for each, in order';
  return {
    'multipart/form-data': { schema: { ...form, description } },
    'image/png': { schema: FILE },
    'image/jpeg': { schema: FILE },
    'image/webp': { schema: FILE },
  };
}
