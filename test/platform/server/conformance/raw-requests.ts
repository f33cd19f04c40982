import { connect } from 'node:net';

/** A response, with sorted headers in lower case and without chunked encoding. */
export interface Answer {
  readonly status: string;
  readonly headers: readonly string[];
  /** One character for each byte. */
  readonly body: string;
}

/** The bytes of the requests on one connection, and the method of each request that gets a response. */
export interface RawRequests {
  readonly bytes: string;
  readonly methods: readonly string[];
}

const TIMEOUT_MS = 5_000;
const WITHOUT_BODY = /^HTTP\/1\.1 (?:1\d\d|204|304)/;

/** Sends the bytes on a new connection, and reads until all responses have arrived or the server has closed it. */
export function sendRawRequests(port: number, { bytes, methods }: RawRequests): Promise<readonly Answer[]> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    const finish = (isOver: boolean): void => {
      const answers = readAnswers(received, methods, isOver);
      if (!answers) return;
      socket.destroy();
      resolve(answers);
    };
    socket.setEncoding('latin1').setTimeout(TIMEOUT_MS);
    socket.on('data', (text: string) => {
      received += text;
      finish(false);
    });
    socket.once('close', () => finish(true));
    socket.once('error', reject);
    socket.once('timeout', () => {
      socket.destroy();
      reject(new Error(`No whole answer within ${TIMEOUT_MS} ms, but: ${received}`));
    });
  });
}

/** Parses the responses; returns undefined while some are incomplete. */
function readAnswers(received: string, methods: readonly string[], isOver: boolean): Answer[] | undefined {
  const answers: Answer[] = [];
  const expected = [...methods];
  let rest = received;
  while (expected.length > 0) {
    const end = rest.indexOf('\r\n\r\n');
    if (end === -1) return isOver ? answers : undefined;
    const [status = '', ...lines] = rest.slice(0, end).split('\r\n');
    const hasBody = expected[0] !== 'HEAD' && !WITHOUT_BODY.test(status);
    const read = hasBody ? readBody(rest.slice(end + 4), lines, isOver) : { body: '', rest: rest.slice(end + 4) };
    if (!read) return undefined;
    answers.push({ status, headers: normalise(lines), body: read.body });
    rest = read.rest;
    if (!status.startsWith('HTTP/1.1 1')) expected.shift();
  }
  return answers;
}

interface Body {
  readonly body: string;
  readonly rest: string;
}

function readBody(received: string, headers: readonly string[], isOver: boolean): Body | undefined {
  if (headers.some((line) => /^transfer-encoding: *chunked$/i.test(line))) return readChunks(received, isOver);
  const length = headers.find((line) => /^content-length:/i.test(line))?.split(':')[1];
  if (length === undefined) return isOver ? { body: received, rest: '' } : undefined;
  if (received.length < Number(length) && !isOver) return undefined;
  return { body: received.slice(0, Number(length)), rest: received.slice(Number(length)) };
}

function readChunks(received: string, isOver: boolean): Body | undefined {
  let body = '';
  let position = 0;
  for (;;) {
    const end = received.indexOf('\r\n', position);
    if (end === -1) return isOver ? { body: `${body}(cut off)`, rest: '' } : undefined;
    const size = Number.parseInt(received.slice(position, end), 16);
    const next = end + 2 + size + 2;
    if (received.length < next) return isOver ? { body: `${body}(cut off)`, rest: '' } : undefined;
    if (size === 0) return { body, rest: received.slice(next) };
    body += received.slice(end + 2, end + 2 + size);
    position = next;
  }
}

/** Sorts headers by name. Headers of the same name keep their order, which is significant. */
function normalise(lines: readonly string[]): string[] {
  const named = lines.map((line) => ({ name: line.slice(0, line.indexOf(':')).toLowerCase(), line }));
  return named
    .toSorted((one, other) => (one.name < other.name ? -1 : Number(one.name > other.name)))
    .filter(({ name }) => name !== 'date')
    .map(({ name, line }) => `${name}${line.slice(name.length)}`);
}
