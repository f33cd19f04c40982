import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Readable } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import { CommandError } from '../command-line.js';

/** A response with an error status. */
export class ApiError extends CommandError {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly retryAfterSeconds: number | undefined,
  ) {
    super(message);
  }
}

/** The application is not reachable, or the connection broke before the end of a response. */
export class ConnectionError extends CommandError {}

interface CallOptions {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Readable | Buffer;
}

interface ProblemBody {
  readonly code?: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly message?: string }[];
}

/** Idle timeout of a connection, by method. POST is longer: an upload is validated before the response. */
const IDLE_TIMEOUT_MS = { GET: 30_000, DELETE: 30_000, POST: 600_000 };
const MAX_SHOWN_ERRORS = 20;

/** HTTP client of the application's API. */
export class ApiClient {
  constructor(
    private readonly url: string,
    private readonly key: string | undefined,
    private readonly signal: AbortSignal,
  ) {}

  /** The body of a successful response, parsed as JSON. @throws ApiError, ConnectionError */
  async json<T>(path: string, init: CallOptions = {}): Promise<T> {
    return JSON.parse(await this.text(path, init)) as T;
  }

  /** The body of a successful response as text. @throws ApiError, ConnectionError */
  async text(path: string, init: CallOptions = {}): Promise<string> {
    try {
      return await textOf(await this.request(path, init));
    } catch (error) {
      throw error instanceof CommandError ? error : this.connectionError(error as Error);
    }
  }

  /** A successful response, with its body unread. @throws ApiError, ConnectionError */
  async request(path: string, init: CallOptions = {}): Promise<IncomingMessage> {
    const response = await this.send(path, init).catch((error: Error) => {
      throw this.connectionError(error);
    });
    const { statusCode: status = 0, headers } = response;
    if (status < 400) return response;
    const text = await textOf(response).catch(() => '');
    const seconds = Number(headers['retry-after']);
    const { code = '', message } = describeProblem(status, text);
    throw new ApiError(status, code, message, Number.isFinite(seconds) ? seconds : undefined);
  }

  /** Wraps an error of the transport. */
  connectionError(error: Error): ConnectionError {
    const { code = error.message } = error as NodeJS.ErrnoException;
    return new ConnectionError(`${this.url} does not respond (${code}).`, { cause: error });
  }

  private send(path: string, { method = 'GET', headers = {}, body }: CallOptions): Promise<IncomingMessage> {
    const authorization = this.key === undefined ? {} : { Authorization: `Bearer ${this.key}` };
    const request = this.url.startsWith('https:') ? requestHttps : requestHttp;
    const options = {
      method,
      headers: { ...authorization, ...headers },
      signal: this.signal,
      timeout: IDLE_TIMEOUT_MS[method],
    };
    return new Promise((resolve, reject) => {
      const sent = request(this.url + path, options, resolve);
      // The server may respond and close the connection before the whole body is sent. An error after the response is ignored.
      sent.on('error', reject);
      sent.on('timeout', () => sent.destroy(new Error('timeout')));
      if (body === undefined || Buffer.isBuffer(body)) sent.end(body);
      else body.on('error', reject).pipe(sent);
    });
  }
}

function describeProblem(status: number, text: string): { code?: string; message: string } {
  const { code, detail, errors = [] } = parseProblem(text);
  const fields = errors.map(({ message = '' }) => `  ${message}`);
  const more = fields.length > MAX_SHOWN_ERRORS ? [`  and ${fields.length - MAX_SHOWN_ERRORS} more`] : [];
  return { code, message: [detail ?? `HTTP ${status}`, ...fields.slice(0, MAX_SHOWN_ERRORS), ...more].join('\n') };
}

function parseProblem(text: string): ProblemBody {
  try {
    return (JSON.parse(text) ?? {}) as ProblemBody;
  } catch {
    return {};
  }
}
