import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';

export interface VerbatimRequest {
  readonly method?: string;
  /** Sent without normalization: `..` and `%2f` stay. */
  readonly path: string;
  /** Also headers that `fetch` does not allow to set. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface VerbatimResponse {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** Sends a request without normalizing its path and headers, as a proxy or an attacker can. */
export async function sendVerbatim(url: string, { body, ...options }: VerbatimRequest): Promise<VerbatimResponse> {
  const { hostname, port } = new URL(url);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ hostname, port, ...options }, resolve)
      .on('error', reject)
      .end(body);
  });
  return { status: response.statusCode, headers: response.headers, text: await text(response) };
}
