import type { Client } from '../support/client.js';
import { MULTIPART, multipart } from '../support/forms.js';
import { predictionsOf, csvOf, irisRows, linesOf, resultOf, sendJob, createJob } from '../support/prediction-jobs.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const ROWS = irisRows(700);
const HEADER = 'sepal_length,sepal_width,petal_length,petal_width';

describe('POST /models/{name}/jobs with several files', () => {
  let app: TestApp;
  let member: Client;

  beforeAll(async () => {
    app = await startTestApp();
    member = app.client();
    await member.signUpAndLogIn();
  });

  afterAll(() => app.close());

  const [head, tail] = [ROWS.slice(0, 300), ROWS.slice(300)];
  const form = (...files: { filename: string; content: string }[]) =>
    multipart(files.map((file) => ({ name: 'file', ...file })));

  it.each([
    ['CSV', { filename: 'a.csv', content: csvOf(head) }, { filename: 'b.csv', content: csvOf(tail) }],
    [
      'CSV without a final line break, and with a byte order mark and CRLF',
      { filename: 'a.csv', content: csvOf(head).trimEnd() },
      { filename: 'b.csv', content: `\ufeff${csvOf(tail).replaceAll('\n', '\r\n')}` },
    ],
    [
      'JSON lines',
      { filename: 'a.jsonl', content: linesOf(head).trimEnd() },
      { filename: 'b.jsonl', content: linesOf(tail) },
    ],
  ])('predicts the rows of all files in order: %s', async (_, first, second) => {
    const { id } = await createJob(member, form(first, second), { headers: MULTIPART });
    expect(await resultOf(member, id)).toEqual(await predictionsOf(member, ROWS));
  });

  it('counts lines through all files', async () => {
    const broken = `${HEADER}\n5.9,three,5.1,1.8\n`;
    const body = form({ filename: 'a.csv', content: csvOf(head) }, { filename: 'b.csv', content: broken });
    const { body: problem } = await sendJob(member, body, { headers: MULTIPART });
    expect(problem.errors).toMatchObject([{ location: ['body', 'file', 303, 'sepal_width'] }]);
  });

  it.each([
    ['another header', { filename: 'b.csv', content: 'sepal_length\n5\n' }, 'b.csv has another header'],
    ['another format', { filename: 'b.jsonl', content: linesOf(tail) }, 'all be CSV, or all JSON lines'],
  ])('rejects a second file with %s', async (_, second, words) => {
    const body = form({ filename: 'a.csv', content: csvOf(head) }, second);
    const { status, body: problem } = await sendJob(member, body, { headers: MULTIPART });
    expect({ status, errors: problem.errors }).toMatchObject({
      status: 422,
      errors: [{ location: ['body', 'file'], message: expect.stringContaining(words) }],
    });
  });
});
