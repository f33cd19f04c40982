import { once } from 'node:events';
import { Agent, type IncomingMessage, request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';

export interface LoadRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
}

export interface LoadResponse {
  readonly request: LoadRequest;
  readonly requestId: string;
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** Whether the response has `Connection: close`. */
  readonly closes: boolean;
}

/** Keep-alive clients that send one request after another, until the server refuses connections or `end` is called. */
export class KeepAliveLoad {
  readonly responses: LoadResponse[] = [];
  /** Errors other than a refused connection. */
  readonly failures: string[] = [];
  readonly over: Promise<unknown>;
  private readonly agent: Agent;
  private sent = 0;
  private isEnding = false;

  /** @param requestAt returns the request with this number */
  constructor(
    private readonly url: string,
    clients: number,
    private readonly requestAt: (number: number) => LoadRequest,
  ) {
    this.agent = new Agent({ keepAlive: true, maxSockets: clients });
    this.over = Promise.all(Array.from({ length: clients }, () => this.sendUntilRefused()));
  }

  end(): Promise<unknown> {
    this.isEnding = true;
    return this.over.finally(() => this.agent.destroy());
  }

  private async sendUntilRefused(): Promise<void> {
    while (!this.isEnding) {
      try {
        await this.send(this.requestAt(this.sent++));
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        if (code !== 'ECONNREFUSED') this.failures.push(`${String(code)} ${message}`);
        return;
      }
    }
  }

  private async send(sent: LoadRequest): Promise<void> {
    const body = sent.json === undefined ? undefined : JSON.stringify(sent.json);
    const headers = { ...(body && { 'content-type': 'application/json' }), ...sent.headers };
    const request = httpRequest(this.url + sent.path, { agent: this.agent, method: sent.method ?? 'GET', headers });
    request.end(body);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    await text(response);
    const { headers: received, statusCode = 0 } = response;
    this.responses.push({
      request: sent,
      requestId: String(received['x-request-id']),
      status: statusCode,
      headers: received,
      closes: received.connection === 'close',
    });
  }
}
