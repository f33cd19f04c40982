import { ServerResponse, validateHeaderName, validateHeaderValue } from 'node:http';

type HeaderValue = number | string | readonly string[];

/** A header, with its name in lower case as the key. */
interface Header {
  readonly key: string;
  readonly name: string;
  value: HeaderValue;
}

/** A response that stores its headers in its own properties. */
interface HeaderStore extends ServerResponse {
  /** Headers set for this response. They are few: a linear search is fast. */
  ownHeaders?: Header[];
  /** Standard headers removed from this response. */
  removedHeaders?: Set<string>;
}

const { prototype: node } = ServerResponse;
const { _storeHeader: storeHeader } = node as unknown as { _storeHeader: (line: string, headers: unknown) => void };

/**
 * Gives every response with this prototype the same `standard` headers, which a handler may replace or remove. They are written
 * from a precomputed string. To set a dozen headers on each response, which Node validates, stores and serialises, takes longer
 * than many handlers. The methods below replace all of Node's methods for headers, and let `writeHead` use Node's fast path.
 */
export function installStandardHeaders(prototype: object, standard: readonly (readonly [string, string])[]): void {
  const headers = standard.map(([name, value]): Header => ({ key: name.toLowerCase(), name, value }));
  const byKey = new Map(headers.map((header) => [header.key, header]));
  const blocks = new Map([['', serialise(standard)]]);

  function find(response: HeaderStore, key: string): Header | undefined {
    return response.ownHeaders?.find((header) => header.key === key) ?? findStandard(response, key);
  }

  function findStandard({ removedHeaders }: HeaderStore, key: string): Header | undefined {
    return removedHeaders?.has(key) ? undefined : byKey.get(key);
  }

  function all({ ownHeaders = [], removedHeaders }: HeaderStore): Header[] {
    const isReplaced = (key: string): boolean => ownHeaders.some((header) => header.key === key);
    return [...headers.filter(({ key }) => !removedHeaders?.has(key) && !isReplaced(key)), ...ownHeaders];
  }

  /** Serialises the standard headers of a response. The result is cached for each combination of absent headers. */
  function blockFor({ ownHeaders = [], removedHeaders }: HeaderStore): string {
    let absent = '';
    for (const { key } of ownHeaders) if (byKey.has(key)) absent += `${key} `;
    if (removedHeaders) absent += [...removedHeaders].join(' ');
    const known = blocks.get(absent);
    if (known !== undefined) return known;
    const missing = new Set(absent.split(' '));
    const made = serialise(standard.filter(([name]) => !missing.has(name.toLowerCase())));
    blocks.set(absent, made);
    return made;
  }

  const methods: ThisType<HeaderStore> & Record<string, unknown> = {
    setHeader(name: string, value: HeaderValue): unknown {
      // Node's own method throws the right error.
      if (this.headersSent) return node.setHeader.call(this, name, value);
      const key = keyOf(name);
      validateHeaderValue(name, value as string);
      const own = (this.ownHeaders ??= []);
      const at = own.findIndex((header) => header.key === key);
      if (at === -1) own.push({ key, name, value });
      else own[at] = { key, name, value };
      return this;
    },

    appendHeader(name: string, value: HeaderValue): unknown {
      const before = this.getHeader(name);
      return this.setHeader(name, before === undefined ? value : [before, value].flat().map(String));
    },

    getHeader(name: string): HeaderValue | undefined {
      return find(this, name.toLowerCase())?.value;
    },

    hasHeader(name: string): boolean {
      return find(this, name.toLowerCase()) !== undefined;
    },

    removeHeader(name: string): void {
      // Node adds some headers by itself unless they have been removed.
      node.removeHeader.call(this, name);
      const key = name.toLowerCase();
      this.ownHeaders = this.ownHeaders?.filter((header) => header.key !== key);
      if (byKey.has(key)) (this.removedHeaders ??= new Set()).add(key);
    },

    getHeaders(): Record<string, HeaderValue> {
      const found = Object.create(null) as Record<string, HeaderValue>;
      for (const { key, value } of all(this)) found[key] = value;
      return found;
    },

    getHeaderNames(): string[] {
      return all(this).map(({ key }) => key);
    },

    getRawHeaderNames(): string[] {
      return all(this).map(({ name }) => name);
    },

    writeHead(status: number, reason?: string | object, given?: object): unknown {
      const more = typeof reason === 'string' ? given : reason;
      if (more !== undefined && !this.headersSent) addAll(this, more);
      if (typeof reason === 'string') this.statusMessage = reason;
      const raw: HeaderValue[] = [];
      for (const { name, value } of this.ownHeaders ?? []) raw.push(name, value);
      return node.writeHead.call(this, status, raw as string[]);
    },

    /** Node's internal method that serialises the first line and the headers. */
    _storeHeader(firstLine: string, headers: unknown): void {
      storeHeader.call(this, firstLine + blockFor(this), headers);
    },
  };
  Object.assign(prototype, methods);
}

/** Keys of header names that have been validated. A program sets few different names. */
const keys = new Map<string, string>();
const MAX_KEYS = 256;

function keyOf(name: string): string {
  const known = keys.get(name);
  if (known !== undefined) return known;
  validateHeaderName(name);
  const key = name.toLowerCase();
  if (keys.size < MAX_KEYS) keys.set(name, key);
  return key;
}

/** Validates and serialises headers. */
function serialise(headers: readonly (readonly [string, string])[]): string {
  for (const [name, value] of headers) {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  }
  return headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
}

/** Sets headers in a form that `writeHead` takes: an object, or alternating names and values with possible duplicates. */
function addAll(response: ServerResponse, headers: object): void {
  if (!Array.isArray(headers)) {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value as string);
    return;
  }
  for (let at = 0; at < headers.length; at += 2) response.removeHeader(headers[at] as string);
  for (let at = 0; at < headers.length; at += 2)
    response.appendHeader(headers[at] as string, headers[at + 1] as string);
}
