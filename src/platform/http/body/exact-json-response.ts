import type { Application, Response } from 'express';
import { stringifyExactJson } from './exact-json.js';

/**
 * Makes `response.json` of an Express application write 64-bit integers with all their digits. Express's own throws an error
 * for them.
 */
export function writeExactJson(app: Application): void {
  const { response } = app as unknown as { response: Response };
  response.json = function json(this: Response, body: unknown): Response {
    const text = stringifyExactJson(body);
    if (!this.hasHeader('Content-Type')) this.set('Content-Type', 'application/json');
    return this.send(text);
  };
}
