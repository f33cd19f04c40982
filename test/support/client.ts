/** A response; `body` is the parsed JSON of a JSON response, else undefined. */
export interface ClientResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests read responses of every shape
  readonly body: any;
}

interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent unchanged. */
  readonly raw?: string | Uint8Array | FormData;
}

let members = 0;

/** An HTTP client with its own cookie jar, like a browser profile. Does not follow redirects. */
export class Client {
  readonly cookies = new Map<string, string>();

  constructor(readonly url: string) {}

  /** Adds the cookies of another client, and with them its session. */
  copyCookiesFrom({ cookies }: Client): this {
    cookies.forEach((value, name) => this.cookies.set(name, value));
    return this;
  }

  get(path: string, options: RequestOptions = {}): Promise<ClientResponse> {
    return this.request('GET', path, options);
  }

  post(path: string, json?: unknown, options: RequestOptions = {}): Promise<ClientResponse> {
    return this.request('POST', path, { ...options, json });
  }

  put(path: string, json?: unknown, options: RequestOptions = {}): Promise<ClientResponse> {
    return this.request('PUT', path, { ...options, json });
  }

  patch(path: string, json?: unknown, options: RequestOptions = {}): Promise<ClientResponse> {
    return this.request('PATCH', path, { ...options, json });
  }

  delete(path: string, json?: unknown, options: RequestOptions = {}): Promise<ClientResponse> {
    return this.request('DELETE', path, { ...options, json });
  }

  /** Submits a form like a browser. */
  submit(
    path: string,
    fields: Readonly<Record<string, string>> = {},
    { headers = {} }: RequestOptions = {},
  ): Promise<ClientResponse> {
    const form = { 'content-type': 'application/x-www-form-urlencoded', ...headers };
    return this.request('POST', path, { headers: form, raw: new URLSearchParams(fields).toString() });
  }

  async request(
    method: string,
    path: string,
    { headers = {}, json, raw }: RequestOptions = {},
  ): Promise<ClientResponse> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(this.url + path, {
      method,
      redirect: 'manual',
      headers: {
        ...(cookie ? { cookie } : {}),
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: (json === undefined ? raw : JSON.stringify(json)) as RequestInit['body'],
    });
    this.storeCookies(response);
    const text = await response.text();
    const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson && text ? JSON.parse(text) : undefined,
    };
  }

  /** Signs up a new member, logs in, and returns the member with the password. */
  async signUpAndLogIn(): Promise<{ id: string; email: string; password: string }> {
    members += 1;
    const credentials = {
      email: `member-${process.pid}-${members}@cafe.example`,
      password: `a long enough secret ${members}`,
    };
    const { body } = await this.post('/auth/signup', credentials);
    const response = await this.post('/auth/login', credentials);
    if (response.status !== 200) throw new Error(`Could not log in: ${response.text}`);
    return { ...(body as { id: string }), ...credentials };
  }

  private storeCookies(response: Response): void {
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const [name = '', value = ''] = pair.split('=', 2);
      const isDeleted = value === '' || /expires=Thu, 01 Jan 1970/i.test(line) || /max-age=0\b/i.test(line);
      if (isDeleted) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
  }
}
