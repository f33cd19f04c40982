import { ServerResponse, validateHeaderName, validateHeaderValue } from 'node:http';

type HeaderValue = number | string | readonly string[];

/** A header as it is written, and by the name it is found by. */
interface Header {
  readonly key: string;
  readonly name: string;
  value: HeaderValue;
}

/** A response that keeps its headers itself. */
interface Headed extends ServerResponse {
  /** What was set for this one response; few enough to be looked through. */
  own?: Header[];
  /** Standard headers that this response goes without. */
  dropped?: Set<string>;
}

const { prototype: node } = ServerResponse;
const { _storeHeader: storeHeader } = node as unknown as { _storeHeader: (line: string, headers: unknown) => void };

/**
 * Gives every response that has this prototype the same `standard` headers, which a handler may set to something else or
 * remove. They are there from the start and cost nothing until they are written; setting a dozen headers on each response,
 * which Node checks, files and puts together again, takes longer than many handlers do. All that Node's own methods for
 * headers do these do too, and with all of them at hand `writeHead` takes Node's fast way.
 */
export function installStandardHeaders(prototype: object, standard: readonly (readonly [string, string])[]): void {
  const headers = standard.map(([name, value]): Header => ({ key: name.toLowerCase(), name, value }));
  const byKey = new Map(headers.map((header) => [header.key, header]));
  const blocks = new Map([['', blockOf(standard)]]);

  function find(response: Headed, key: string): Header | undefined {
    return response.own?.find((header) => header.key === key) ?? findStandard(response, key);
  }

  function findStandard({ dropped }: Headed, key: string): Header | undefined {
    return dropped?.has(key) ? undefined : byKey.get(key);
  }

  function all({ own = [], dropped }: Headed): Header[] {
    const isReplaced = (key: string): boolean => own.some((header) => header.key === key);
    return [...headers.filter(({ key }) => !dropped?.has(key) && !isReplaced(key)), ...own];
  }

  /** The standard headers that a response has, as text; put together once for each of those that it goes without. */
  function blockFor({ own = [], dropped }: Headed): string {
    let absent = '';
    for (const { key } of own) if (byKey.has(key)) absent += `${key} `;
    if (dropped) absent += [...dropped].join(' ');
    const known = blocks.get(absent);
    if (known !== undefined) return known;
    const missing = new Set(absent.split(' '));
    const made = blockOf(standard.filter(([name]) => !missing.has(name.toLowerCase())));
    blocks.set(absent, made);
    return made;
  }

  const methods: ThisType<Headed> & Record<string, unknown> = {
    setHeader(name: string, value: HeaderValue): unknown {
      // Node's own says what is wrong.
      if (this.headersSent) return node.setHeader.call(this, name, value);
      const key = keyOf(name);
      validateHeaderValue(name, value as string);
      const own = (this.own ??= []);
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
      // Some headers Node adds by itself, unless it is told of their removal.
      node.removeHeader.call(this, name);
      const key = name.toLowerCase();
      this.own = this.own?.filter((header) => header.key !== key);
      if (byKey.has(key)) (this.dropped ??= new Set()).add(key);
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
      for (const { name, value } of this.own ?? []) raw.push(name, value);
      return node.writeHead.call(this, status, raw as string[]);
    },

    /** Node's own puts together the head of a message: a first line, and the headers, each of which it checks. */
    _storeHeader(firstLine: string, headers: unknown): void {
      storeHeader.call(this, firstLine + blockFor(this), headers);
    },
  };
  Object.assign(prototype, methods);
}

/** The name by which a header is found, of names that have been set before: a program has few, and each is checked once. */
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

/** Headers as they go over the wire; checked here, once, as Node checks others each time. */
function blockOf(headers: readonly (readonly [string, string])[]): string {
  for (const [name, value] of headers) {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  }
  return headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
}

/** Headers in the forms that `writeHead` takes: an object, or names and values in turn, where a name may be there twice. */
function addAll(response: ServerResponse, headers: object): void {
  if (!Array.isArray(headers)) {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value as string);
    return;
  }
  for (let at = 0; at < headers.length; at += 2) response.removeHeader(headers[at] as string);
  for (let at = 0; at < headers.length; at += 2)
    response.appendHeader(headers[at] as string, headers[at + 1] as string);
}
