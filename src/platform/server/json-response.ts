import { StreamableFile } from '@nestjs/common';
import type { Response } from 'express';
import { stringifyExactJson } from '../http/index.js';
import type { ResponseQueue } from './response-queue.js';

const JSON_TYPE = 'application/json; charset=utf-8';
/** Express settings that change how JSON is written. */
const SETTINGS = ['etag fn', 'json escape', 'json replacer', 'json spaces'];
const NO_BODY = new Set([204, 205, 304]);

/**
 * Sends an object as JSON, with 64-bit integers exactly as they are. Head and body are one write where Express would change
 * neither.
 *
 * @returns false where Express must send the response
 */
export function sendJson(response: Response, body: unknown, queue: ResponseQueue): boolean {
  const { settings } = response.app as unknown as { settings: Record<string, unknown> };
  const isJson = typeof body === 'object' && body !== null && !(body instanceof StreamableFile);
  if (!isJson || body instanceof Error || response.hasHeader('Content-Type')) return false;
  if (SETTINGS.some((name) => settings[name] !== undefined)) return false;
  const text = stringifyExactJson(body);
  if (text === undefined) return false;
  if (hasPlainBody(response)) {
    response.setHeader('Content-Type', JSON_TYPE);
    response.setHeader('Content-Length', Buffer.byteLength(text));
    queue.end(response, text);
  } else response.set('Content-Type', JSON_TYPE).send(text);
  return true;
}

/** Whether the response has a body that does not depend on conditional headers. */
function hasPlainBody({ req, statusCode }: Response): boolean {
  const { headers, method } = req;
  const isConditional = headers['if-none-match'] !== undefined || headers['if-modified-since'] !== undefined;
  return method !== 'HEAD' && !isConditional && !NO_BODY.has(statusCode);
}
