import { promisify } from 'node:util';
import { constants, deflate, gzip } from 'node:zlib';
import type { Request, Response } from 'express';
import type { InferAnswer } from './infer-answer.js';

/** Answers are made to be sent once: little time for most of the gain. */
const FAST = { level: constants.Z_BEST_SPEED };
const ENCODERS = { gzip: promisify(gzip), deflate: promisify(deflate) };

/** Clients of the protocol expect `application/json` and nothing after it. */
export function sendJson(response: Response, body: object, status = 200): void {
  response.status(status);
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify(body));
}

/** Compressed where the client asks for it; how much is JSON is said of the answer before that, as Triton does. */
export async function sendInferAnswer(request: Request, response: Response, answer: InferAnswer): Promise<void> {
  const { body, jsonLength } = answer;
  response.setHeader('Content-Type', jsonLength === undefined ? 'application/json' : 'application/octet-stream');
  if (jsonLength !== undefined) response.setHeader('Inference-Header-Content-Length', jsonLength);
  response.vary('Accept-Encoding');
  const encoding = encodingFor(request);
  if (encoding === undefined) {
    response.end(body);
    return;
  }
  const compressed = await ENCODERS[encoding](body, FAST);
  response.setHeader('Content-Encoding', encoding);
  response.end(compressed);
}

function encodingFor(request: Request): keyof typeof ENCODERS | undefined {
  if (request.headers['accept-encoding'] === undefined) return undefined;
  const accepted = request.acceptsEncodings(['gzip', 'deflate', 'identity']);
  return accepted === 'gzip' || accepted === 'deflate' ? accepted : undefined;
}
