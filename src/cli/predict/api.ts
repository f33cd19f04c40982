import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Readable } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import { PredictError } from './options.js';

/** An answer that is an error. */
export class RefusedError extends PredictError {
  constructor(
    readonly status: number,
    readonly code: string,
    words: string,
    readonly retryAfterSeconds: number | undefined,
  ) {
    super(words);
  }
}

/** Nothing has answered, or no more. */
export class ConnectionError extends PredictError {}

interface Call {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Readable | Buffer;
}

interface ProblemBody {
  readonly code?: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly message?: string }[];
}

/** A connection on which nothing is heard for so long is given up. What is sent is looked through before it is answered. */
const SILENCE_MS = { GET: 30_000, DELETE: 30_000, POST: 600_000 };
/** More broken fields than these are not read by anybody. */
const MAX_SHOWN = 20;

/** The application, over HTTP. */
export class Api {
  constructor(
    private readonly url: string,
    private readonly key: string | undefined,
    private readonly signal: AbortSignal,
  ) {}

  /** The body of an answer that is no error, as JSON. */
  async json<T>(path: string, call: Call = {}): Promise<T> {
    return JSON.parse(await this.text(path, call)) as T;
  }

  async text(path: string, call: Call = {}): Promise<string> {
    try {
      return await textOf(await this.open(path, call));
    } catch (error) {
      throw error instanceof PredictError ? error : this.broken(error as Error);
    }
  }

  /** An answer that is no error, to be read. @throws RefusedError, ConnectionError */
  async open(path: string, call: Call = {}): Promise<IncomingMessage> {
    const answer = await this.send(path, call).catch((error: Error) => {
      throw this.broken(error);
    });
    const { statusCode: status = 0, headers } = answer;
    if (status < 400) return answer;
    const text = await textOf(answer).catch(() => '');
    const seconds = Number(headers['retry-after']);
    const { code = '', words } = wordsOf(status, text);
    throw new RefusedError(status, code, words, Number.isFinite(seconds) ? seconds : undefined);
  }

  broken(error: Error): ConnectionError {
    const { code = error.message } = error as NodeJS.ErrnoException;
    return new ConnectionError(`${this.url} does not answer (${code}).`, { cause: error });
  }

  private send(path: string, { method = 'GET', headers = {}, body }: Call): Promise<IncomingMessage> {
    const login = this.key === undefined ? {} : { Authorization: `Bearer ${this.key}` };
    const request = this.url.startsWith('https:') ? requestHttps : requestHttp;
    const options = { method, headers: { ...login, ...headers }, signal: this.signal, timeout: SILENCE_MS[method] };
    return new Promise((resolve, reject) => {
      const sent = request(this.url + path, options, resolve);
      // An answer may come before all is sent, and the connection end then: it is the answer that counts.
      sent.on('error', reject);
      sent.on('timeout', () => sent.destroy(new Error('it is silent')));
      if (body === undefined || Buffer.isBuffer(body)) sent.end(body);
      else body.on('error', reject).pipe(sent);
    });
  }
}

function wordsOf(status: number, text: string): { code?: string; words: string } {
  const { code, detail, errors = [] } = problemIn(text);
  const fields = errors.map(({ message = '' }) => `  ${message}`);
  const more = fields.length > MAX_SHOWN ? [`  and ${fields.length - MAX_SHOWN} more`] : [];
  return { code, words: [detail ?? `HTTP ${status}`, ...fields.slice(0, MAX_SHOWN), ...more].join('\n') };
}

function problemIn(text: string): ProblemBody {
  try {
    return (JSON.parse(text) ?? {}) as ProblemBody;
  } catch {
    return {};
  }
}
