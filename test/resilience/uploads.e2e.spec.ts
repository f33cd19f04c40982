import fc from 'fast-check';
import { csvForm, MULTIPART } from '../support/forms.js';
import { killLeftovers, ProcessApp } from '../support/process-app.js';
import { processes } from '../support/processes.js';
import { RawConnection } from '../support/raw-http.js';
import { ATTACK_MS, countEach, report, scale } from '../support/reliability.js';

const UPLOADS = scale(150, 3_000);
const CONCURRENCY = 6;
const IRIS = 'sepal_length,sepal_width,petal_length,petal_width\n5.9,3.0,5.1,1.8\n'.padEnd(40_000, '5.1,3.5,1.4,0.2\n');
const MENUS = `name,price\n${Array.from({ length: 2_000 }, (_, index) => `Menu ${index},${index}`).join('\n')}`;

interface Upload {
  readonly path: string;
  readonly body: Buffer;
  readonly type: string;
  /** Bytes sent before the client disconnects; undefined to send all and wait for the response. */
  readonly truncateAt: number | undefined;
}

/** Valid and invalid forms and files, complete and truncated. */
const uploads: fc.Arbitrary<Upload> = fc
  .record({
    isMenu: fc.boolean(),
    isForm: fc.boolean(),
    truncateAt: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined, freq: 2 }),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    isInHead: fc.boolean(),
    shortBy: fc.constantFrom(0, 0, 20),
    by: fc.constantFrom('', '\0', '"', '\r\n', '\r\n\r\n', '--b0undary', '--b0undary--', ',,,', '\xff\xfe', 'name="x"'),
  })
  .map(({ isMenu, isForm, truncateAt, at, isInHead, shortBy, by }) => {
    const content = isMenu ? MENUS : IRIS;
    const sound = isForm ? csvForm(content) : Buffer.from(content);
    const place = Math.floor(at * (isInHead ? 150 : sound.length));
    const parts = [sound.subarray(0, place), Buffer.from(by, 'latin1'), sound.subarray(place, sound.length - shortBy)];
    const body = Buffer.concat(parts);
    return {
      path: isMenu ? '/menus/import' : '/models/iris/predict',
      type: isForm ? MULTIPART['content-type'] : 'text/csv',
      body,
      truncateAt: truncateAt === undefined ? undefined : Math.floor(truncateAt * body.length),
    };
  });

describe('invalid and aborted uploads', () => {
  let app: ProcessApp;
  let key: string;

  beforeAll(async () => {
    app = await ProcessApp.start({ JOBS_PER_MEMBER: '100000' });
    const member = app.client();
    await member.signUpAndLogIn();
    ({ key } = (await member.post('/auth/api-keys', { name: 'uploads' })).body);
  });

  afterAll(() => killLeftovers());

  it(
    'are rejected or discarded without a restart and without a logged error',
    async () => {
      const before = await processes(app);
      const sent = fc.sample(uploads, { numRuns: UPLOADS, seed: 7 });
      const statuses: number[] = [];
      const waiting = sent.values();
      const sendAll = async (): Promise<void> => {
        for (const upload of waiting) statuses.push(...(await send(upload)));
      };
      await Promise.all(Array.from({ length: CONCURRENCY }, sendAll));
      report('uploads', { sent: sent.length, ...countEach(statuses) });
      expect([...new Set(statuses)].filter((status) => ![200, 202, 400, 413, 422].includes(status))).toEqual([]);
      expect(statuses).toEqual(expect.arrayContaining([200, 202, 400, 422]));
      expect(await processes(app)).toEqual(before);
      expect(app.lines.filter(({ level }) => level === 'error')).toEqual([]);
      expect((await app.client().get('/health/ready')).status).toBe(200);
    },
    ATTACK_MS,
  );

  async function send({ path, body, type, truncateAt }: Upload): Promise<number[]> {
    const connection = await RawConnection.open(app.url);
    const headers = [
      `Host: x`,
      `Authorization: Bearer ${key}`,
      `Content-Type: ${type}`,
      `Content-Length: ${body.length}`,
    ];
    connection.send(`POST ${path} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`);
    const isTaken = connection.socket.write(body.subarray(0, truncateAt));
    if (truncateAt === undefined) await connection.waitForStatuses(1);
    else if (!isTaken) await new Promise((resolve) => connection.socket.once('drain', resolve).once('close', resolve));
    connection.end();
    return connection.statuses;
  }
});
