import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';

export interface VerbatimRequest {
  readonly method?: string;
  /** Not normalised: `..` and `%2f` go over the wire. */
  readonly path: string;
  /** Also those that `fetch` does not let a caller choose. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface VerbatimResponse {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** Sends a request as it is written, as a browser, a proxy or an attacker would. */
export async function sendVerbatim(url: string, { body, ...options }: VerbatimRequest): Promise<VerbatimResponse> {
  const { hostname, port } = new URL(url);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ hostname, port, ...options }, resolve)
      .on('error', reject)
      .end(body);
  });
  return { status: response.statusCode, headers: response.headers, text: await text(response) };
}
