import { promisify } from 'node:util';
import { constants, deflate, gzip } from 'node:zlib';
import type { Request, Response } from 'express';
import type { InferAnswer } from './infer-answer.js';

/** Answers are made to be sent once: little time for most of the gain. */
const FAST = { level: constants.Z_BEST_SPEED };
const ENCODERS = { gzip: promisify(gzip), deflate: promisify(deflate) };
/** A copy of more takes longer than a second piece does. */
const MAX_TEXT_BYTES = 4_096;

/** Clients of the protocol expect `application/json` and nothing after it. */
export function sendJson(response: Response, body: object, status = 200): void {
  response.status(status);
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify(body));
}

/** Compressed where the client asks for it; how much is JSON is said of the answer before that, as Triton does. */
export function sendInferAnswer(request: Request, response: Response, answer: InferAnswer): void | Promise<void> {
  const { json, binaries } = answer;
  const jsonLength = Buffer.byteLength(json);
  response.setHeader('Content-Type', binaries.length === 0 ? 'application/json' : 'application/octet-stream');
  if (binaries.length > 0) response.setHeader('Inference-Header-Content-Length', jsonLength);
  vary(response);
  const encoding = encodingFor(request);
  if (encoding !== undefined) return compress(response, bodyOf(answer), encoding);
  const size = binaries.reduce((total, { length }) => total + length, jsonLength);
  if (size > MAX_TEXT_BYTES) response.end(bodyOf(answer));
  else endWithText(response, answer, jsonLength);
}

/** Express reads the header that is there to put together what it will be. Mostly none is. */
function vary(response: Response): void {
  if (response.hasHeader('Vary')) response.vary('Accept-Encoding');
  else response.setHeader('Vary', 'Accept-Encoding');
}

async function compress(response: Response, body: Buffer, encoding: keyof typeof ENCODERS): Promise<void> {
  const compressed = await ENCODERS[encoding](body, FAST);
  response.setHeader('Content-Encoding', encoding);
  response.end(compressed);
}

function bodyOf({ json, binaries }: InferAnswer): Buffer {
  return Buffer.concat([Buffer.from(json), ...binaries]);
}

/** Node sends a head and a text in one piece. In Latin-1 each character is the byte that it stands for. */
function endWithText(response: Response, { json, binaries }: InferAnswer, jsonLength: number): void {
  const isAscii = jsonLength === json.length;
  let text = isAscii ? json : Buffer.from(json).toString('latin1');
  for (const bytes of binaries) text += bytes.toString('latin1');
  response.end(text, 'latin1');
}

function encodingFor(request: Request): keyof typeof ENCODERS | undefined {
  if (request.headers['accept-encoding'] === undefined) return undefined;
  const accepted = request.acceptsEncodings(['gzip', 'deflate', 'identity']);
  return accepted === 'gzip' || accepted === 'deflate' ? accepted : undefined;
}
