import type { Client } from '../support/client.js';
import { MULTIPART, multipart } from '../support/forms.js';
import { answersTo, csvOf, irisRows, linesOf, resultOf, sendJob, takenJob } from '../support/prediction-jobs.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const ROWS = irisRows(700);
const HEADER = 'sepal_length,sepal_width,petal_length,petal_width';

describe('prediction jobs of several files', () => {
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
      'CSV without an end of line, and as a spreadsheet writes it',
      { filename: 'a.csv', content: csvOf(head).trimEnd() },
      { filename: 'b.csv', content: `\ufeff${csvOf(tail).replaceAll('\n', '\r\n')}` },
    ],
    [
      'JSON lines',
      { filename: 'a.jsonl', content: linesOf(head).trimEnd() },
      { filename: 'b.jsonl', content: linesOf(tail) },
    ],
  ])('are predicted one after the other: %s', async (_, first, second) => {
    const { id } = await takenJob(member, form(first, second), { headers: MULTIPART });
    expect(await resultOf(member, id)).toEqual(await answersTo(member, ROWS));
  });

  it('count lines as if they were one', async () => {
    const broken = `${HEADER}\n5.9,three,5.1,1.8\n`;
    const body = form({ filename: 'a.csv', content: csvOf(head) }, { filename: 'b.csv', content: broken });
    const { body: problem } = await sendJob(member, body, { headers: MULTIPART });
    expect(problem.errors).toMatchObject([{ location: ['body', 'file', 303, 'sepal_width'] }]);
  });

  it.each([
    ['another header', { filename: 'b.csv', content: 'sepal_length\n5\n' }, 'b.csv has another header'],
    ['another kind', { filename: 'b.jsonl', content: linesOf(tail) }, 'all be CSV, or all JSON lines'],
  ])('are refused with %s', async (_, second, words) => {
    const body = form({ filename: 'a.csv', content: csvOf(head) }, second);
    const { status, body: problem } = await sendJob(member, body, { headers: MULTIPART });
    expect({ status, errors: problem.errors }).toMatchObject({
      status: 422,
      errors: [{ location: ['body', 'file'], message: expect.stringContaining(words) }],
    });
  });
});
