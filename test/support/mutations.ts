import { deflateSync, gzipSync } from 'node:zlib';
import { pick, type Random, randomFrom } from './reliability.js';

/** A request to `/v2/models/…/infer` in wire format. */
export interface WireRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

type Mutation = (request: WireRequest, random: Random) => WireRequest;

const HEADER = 'inference-header-content-length';
/** Replacements for a JSON value. */
const VALUES = [
  ...['-1', '0', '1e9', '1e400', '4294967296', '9007199254740993', '18446744073709551616', '1000000000', '0.5'],
  ...['null', 'true', '""', '"INT64"', '"BYTES"', '"x"', '[]', '[[]]', '[1,2,3]', '{}', '{"__proto__":{"a":1}}', 'NaN'],
  ...[`[${'['.repeat(2_000)}`, `${'['.repeat(500)}1${']'.repeat(500)}`, `"${'é'.repeat(3_000)}"`, '9'.repeat(3_000)],
];
const KEYS = ['name', 'shape', 'datatype', 'data', 'inputs', 'outputs', 'parameters', 'binary_data_size', 'id'];
const HEADER_VALUES = ['-1', '0', '1', '17', '4294967295', '99999999999999999999', '1e3', 'x', ' ', '0x10', '12, 12'];
const MODELS = ['iris', 'kinds', 'datatypes', 'nothing', '%00', '..%2firis', 'iris/versions/1', 'iris/versions/-1'];

/** Mutations that make a request invalid. */
const MUTATIONS: readonly Mutation[] = [
  withBody((body, random) => flip(body, random)),
  withBody((body, random) => body.subarray(0, random(body.length + 1))),
  withBody((body, random) => Buffer.concat([body, Buffer.alloc(1 + random(64), random(256))])),
  withBody((body, random) => insert(body, random, body.subarray(random(body.length), random(body.length)))),
  withBody((body, random) => truncate(body, random)),
  withBody((body, random) => replaceValue(body, random)),
  withBody((body, random) => replaceValue(body, random)),
  withBody((body, random) => rename(body, random)),
  withBody((body) => gzipSync(body), { 'content-encoding': 'gzip' }),
  withBody((body) => deflateSync(body), { 'content-encoding': 'deflate' }),
  withBody((body, random) => flip(gzipSync(body), random), { 'content-encoding': 'gzip' }),
  withBody((body) => body, { 'content-encoding': 'gzip' }),
  withBody(() => gzipSync(Buffer.alloc(3_000_000, ' ')), { 'content-encoding': 'gzip' }),
  withBody((body) => body, { 'content-encoding': 'zstd' }),
  (request, random) => ({ ...request, headers: { ...request.headers, [HEADER]: pick(HEADER_VALUES, random) } }),
  (request, random) => ({ ...request, headers: { ...request.headers, [HEADER]: String(random(400)) } }),
  (request, random) => ({ ...request, path: `/v2/models/${pick(MODELS, random)}/infer` }),
];

/** Generates requests from `seeds` with one to four mutations each, deterministic for a `seed`. */
export function* mutate(seeds: readonly WireRequest[], count: number, seed: number): Generator<WireRequest> {
  const random = randomFrom(seed);
  for (let made = 0; made < count; made += 1) {
    let request = pick(seeds, random);
    for (let turns = 1 + random(4); turns > 0; turns -= 1) request = pick(MUTATIONS, random)(request, random);
    yield request;
  }
}

function withBody(change: (body: Buffer, random: Random) => Buffer, headers: WireRequest['headers'] = {}): Mutation {
  return (request, random) => ({
    ...request,
    headers: { ...request.headers, ...headers },
    body: change(request.body, random),
  });
}

function flip(body: Buffer, random: Random): Buffer {
  const flipped = Buffer.from(body);
  for (let count = 1 + random(3); count > 0 && flipped.length > 0; count -= 1) {
    flipped[random(flipped.length)]! ^= 1 << random(8);
  }
  return flipped;
}

function insert(body: Buffer, random: Random, part: Buffer): Buffer {
  const at = random(body.length);
  return Buffer.concat([body.subarray(0, at), part, body.subarray(at)]);
}

function truncate(body: Buffer, random: Random): Buffer {
  const at = random(body.length);
  return Buffer.concat([body.subarray(0, at), body.subarray(at + 1 + random(40))]);
}

/** Replaces the value after one colon of the JSON. */
function replaceValue(body: Buffer, random: Random): Buffer {
  const text = body.toString('latin1');
  const colons = [...text.matchAll(/":/g)].map(({ index }) => index + 2);
  if (colons.length === 0) return body;
  const at = pick(colons, random);
  const rest = text.slice(at).replace(/^\s*("[^"]*"|\[[^{}]*?\](?=[,}])|[^,\]}]*)/, '');
  return Buffer.concat([body.subarray(0, at), Buffer.from(pick(VALUES, random)), Buffer.from(rest, 'latin1')]);
}

function rename(body: Buffer, random: Random): Buffer {
  return Buffer.from(body.toString('latin1').replace(`"${pick(KEYS, random)}"`, `"${pick(KEYS, random)}"`), 'latin1');
}
