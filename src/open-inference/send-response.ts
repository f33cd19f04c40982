import { promisify } from 'node:util';
import { constants, deflate, gzip } from 'node:zlib';
import type { Request, Response } from 'express';
import type { InferResponse } from './infer-response.js';

/** A response is compressed for one client: the fastest level has most of the gain. */
const COMPRESSION = { level: constants.Z_BEST_SPEED };
const ENCODERS = { gzip: promisify(gzip), deflate: promisify(deflate) };
/** Above this size, copying the body into a string takes longer than a second write to the socket. */
const MAX_STRING_BYTES = 4_096;

/** Sends JSON with the exact media type `application/json`: clients of the protocol reject a charset parameter. */
export function sendJson(response: Response, body: object, status = 200): void {
  response.status(status);
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify(body));
}

/**
 * Sends an inference response, compressed where the client accepts it. As in Triton,
 * `Inference-Header-Content-Length` is the length of the JSON before compression.
 */
export function sendInferResponse(request: Request, response: Response, body: InferResponse): void | Promise<void> {
  const { json, binaries } = body;
  const jsonLength = Buffer.byteLength(json);
  response.setHeader('Content-Type', binaries.length === 0 ? 'application/json' : 'application/octet-stream');
  if (binaries.length > 0) response.setHeader('Inference-Header-Content-Length', jsonLength);
  varyByEncoding(response);
  const encoding = negotiateEncoding(request);
  if (encoding !== undefined) return sendCompressed(response, joinBody(body), encoding);
  const size = binaries.reduce((total, { length }) => total + length, jsonLength);
  if (size > MAX_STRING_BYTES) response.end(joinBody(body));
  else sendAsString(response, body, jsonLength);
}

/** `response.vary` parses and merges the header. Most responses have none yet, and need no merge. */
function varyByEncoding(response: Response): void {
  if (response.hasHeader('Vary')) response.vary('Accept-Encoding');
  else response.setHeader('Vary', 'Accept-Encoding');
}

async function sendCompressed(response: Response, body: Buffer, encoding: keyof typeof ENCODERS): Promise<void> {
  const compressed = await ENCODERS[encoding](body, COMPRESSION);
  response.setHeader('Content-Encoding', encoding);
  response.end(compressed);
}

function joinBody({ json, binaries }: InferResponse): Buffer {
  return Buffer.concat([Buffer.from(json), ...binaries]);
}

/** Node writes the head and a string body to the socket at once. In Latin-1, each character is one byte of the body. */
function sendAsString(response: Response, { json, binaries }: InferResponse, jsonLength: number): void {
  const isAscii = jsonLength === json.length;
  let text = isAscii ? json : Buffer.from(json).toString('latin1');
  for (const bytes of binaries) text += bytes.toString('latin1');
  response.end(text, 'latin1');
}

function negotiateEncoding(request: Request): keyof typeof ENCODERS | undefined {
  if (request.headers['accept-encoding'] === undefined) return undefined;
  const accepted = request.acceptsEncodings(['gzip', 'deflate', 'identity']);
  return accepted === 'gzip' || accepted === 'deflate' ? accepted : undefined;
}
