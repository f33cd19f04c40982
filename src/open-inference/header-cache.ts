import type { InputLimits, Signature } from '../serving/index.js';
import { type InferHeader, parseInferHeader } from './infer-header.js';

/** For each loaded version of a model. */
const MAX_HEADERS = 64;
const MAX_HEADER_BYTES = 1_024;

/** Each loaded version has a signature object of its own, and one set of limits. */
const headersBySignature = new WeakMap<Signature, Map<string, InferHeader>>();

/**
 * Parses the first `jsonLength` bytes of a body, or finds them in the cache. A client with binary tensors sends the same
 * JSON before each, and the result depends on these bytes alone, not on the client.
 *
 * @throws what `parseInferHeader` throws
 */
export function parseInferHeaderCached(
  body: Buffer,
  jsonLength: number,
  signature: Signature,
  limits: InputLimits,
): InferHeader {
  const parse = (): InferHeader => parseInferHeader(body.subarray(0, jsonLength), signature, limits);
  if (jsonLength > MAX_HEADER_BYTES) return parse();
  const headers = headersFor(signature);
  const key = body.toString('latin1', 0, jsonLength);
  const cached = headers.get(key);
  if (cached !== undefined) return cached;
  const header = parse();
  if (isReusable(header)) {
    if (headers.size === MAX_HEADERS) headers.clear();
    headers.set(key, header);
  }
  return header;
}

function headersFor(signature: Signature): Map<string, InferHeader> {
  const existing = headersBySignature.get(signature);
  if (existing) return existing;
  const headers = new Map<string, InferHeader>();
  headersBySignature.set(signature, headers);
  return headers;
}

/** A header with an id, or with data in the JSON, belongs to a single request. */
function isReusable({ id, inputs }: InferHeader): boolean {
  return id === undefined && inputs.every(({ data }) => data === undefined);
}
