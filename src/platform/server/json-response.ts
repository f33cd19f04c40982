import { StreamableFile } from '@nestjs/common';
import type { Response } from 'express';
import { stringifyExactJson } from '../http/index.js';
import { depart } from './response-queue.js';

const JSON_TYPE = 'application/json; charset=utf-8';
/** Express's settings that have a say in how JSON is written. */
const SETTINGS = ['etag fn', 'json escape', 'json replacer', 'json spaces'];
const NO_BODY = new Set([204, 205, 304]);

/**
 * Answers with what is to be JSON: header and body leave together, with one write, where nothing else has a say in the answer.
 * Integers of 64 bits are written with all their digits.
 *
 * @returns whether it was; the rest is left to Express
 */
export function answerJson(response: Response, body: unknown): boolean {
  const { settings } = response.app as unknown as { settings: Record<string, unknown> };
  const isJson = typeof body === 'object' && body !== null && !(body instanceof StreamableFile);
  if (!isJson || body instanceof Error || response.hasHeader('Content-Type')) return false;
  if (SETTINGS.some((name) => settings[name] !== undefined)) return false;
  const text = stringifyExactJson(body);
  if (text === undefined) return false;
  if (isPlain(response)) {
    response.setHeader('Content-Type', JSON_TYPE);
    response.setHeader('Content-Length', Buffer.byteLength(text));
    depart(response, text);
  } else response.set('Content-Type', JSON_TYPE).send(text);
  return true;
}

/** Whether there is a body to send, whatever the client has already. */
function isPlain({ req, statusCode }: Response): boolean {
  const { headers, method } = req;
  const isConditional = headers['if-none-match'] !== undefined || headers['if-modified-since'] !== undefined;
  return method !== 'HEAD' && !isConditional && !NO_BODY.has(statusCode);
}
