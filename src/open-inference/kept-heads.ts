import type { InputLimits, Signature } from '../serving/index.js';
import { type InferHead, readInferHead } from './infer-head.js';

/** For each version of a model that is loaded. */
const MAX_HEADS = 64;
const MAX_BYTES = 1_024;

/** A signature belongs to one version as it is loaded, and so do its limits. */
const keptFor = new WeakMap<Signature, Map<string, InferHead>>();

/**
 * As `readInferHead` of the first `jsonLength` bytes. A client whose tensors are in binary sends the same JSON before each, so
 * it is read once: what follows from these bytes is the same whoever sends them.
 */
export function recallInferHead(
  body: Buffer,
  jsonLength: number,
  signature: Signature,
  limits: InputLimits,
): InferHead {
  const read = (): InferHead => readInferHead(body.subarray(0, jsonLength), signature, limits);
  if (jsonLength > MAX_BYTES) return read();
  const heads = headsOf(signature);
  const key = body.toString('latin1', 0, jsonLength);
  const known = heads.get(key);
  if (known !== undefined) return known;
  const head = read();
  if (isToComeAgain(head)) {
    if (heads.size === MAX_HEADS) heads.clear();
    heads.set(key, head);
  }
  return head;
}

function headsOf(signature: Signature): Map<string, InferHead> {
  const known = keptFor.get(signature);
  if (known) return known;
  const heads = new Map<string, InferHead>();
  keptFor.set(signature, heads);
  return heads;
}

/** One with an id, or with data of its own, is for one request. */
function isToComeAgain({ id, claims }: InferHead): boolean {
  return id === undefined && claims.every(({ data }) => data === undefined);
}
