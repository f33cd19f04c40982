import { type ImageFormat, type JsonSchema, imageShape } from '../../serving/index.js';

const FILE = { type: 'string', format: 'binary' };

/** The JSON Schema of a row, saying that it is a picture. */
export function imageSchema(row: JsonSchema, format: ImageFormat): JsonSchema {
  const { width, height } = format;
  const shape = imageShape(format).join(', ');
  const description = `A picture, resized to ${width} × ${height}: send PNG, JPEG or WebP files. As JSON: its values, in the shape [${shape}]`;
  return { ...row, description };
}

/** The media types of a body that is pictures. */
export function imageContent(): Record<string, object> {
  const file = { type: 'array', items: FILE, minItems: 1 };
  const form = { type: 'object', required: ['file'], properties: { file }, additionalProperties: false };
  const description = 'A PNG, JPEG or WebP picture, or several: each gets a prediction, in their order';
  return {
    'multipart/form-data': { schema: { ...form, description } },
    'image/png': { schema: FILE },
    'image/jpeg': { schema: FILE },
    'image/webp': { schema: FILE },
  };
}
