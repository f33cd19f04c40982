import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { readOptions } from '../../src/cli/predict/options.js';
import type { Client } from '../support/client.js';
import { TestModelStore } from '../support/model-store.js';
import { predictionsOf, csvOf, irisRows, linesOf } from '../support/prediction-jobs.js';
import { killLeftovers, ProcessApp } from '../support/process-app.js';
import { bareVariables, type Finished, ROOT, run } from '../support/project.js';
import { until } from '../support/until.js';

const COMMAND = 'dist/src/cli/predict.command.js';
const ROWS = irisRows(400);
/** Each command is a process, which starts slowly on a busy machine. */
const TIMEOUT_MS = 60_000;
jest.setTimeout(2 * TIMEOUT_MS);
const TABLE_HEADER =
  'sepal_length,sepal_width,petal_length,petal_width,label,probability_setosa,probability_versicolor,probability_virginica';
/** Rows of `spin`: each takes at least 100 ms. */
const LONG_ROWS = linesOf(Array.from({ length: 12 }, () => ({ turns: 20_000 })));

/** A classifier that returns only the greatest of three probabilities. */
const CORNERS = {
  features: [{ name: 'x' }, { name: 'y' }],
  labels: ['right', 'up', 'away'],
  output: { label: 'label', probabilities: 'probabilities', topK: 1 },
};

describe('npm run predict', () => {
  let store: TestModelStore;
  let directory: string;
  let databaseUrl: string;
  let app: ProcessApp;
  let member: Client;
  let key: string;
  let flowers: string;

  beforeAll(async () => {
    store = await TestModelStore.create();
    await store.add('spin', 'spin', { manifest: { example: { input: { turns: 3 } } } });
    await store.add('inner', 'sum', { manifest: { access: 'member' } });
    await store.add('kinds', 'kinds');
    await store.add('corners', 'classifier', { manifest: CORNERS });
    directory = await mkdtemp(join(tmpdir(), 'barista-predict-test-'));
    databaseUrl = `sqlite:${join(directory, 'barista.db')}`;
    app = await ProcessApp.start({ MODELS_DIR: store.path }, { databaseUrl });
    member = app.client();
    await member.signUpAndLogIn();
    ({ key } = (await member.post('/auth/api-keys', { name: 'files' })).body);
    flowers = await file('flowers.csv', csvOf(ROWS));
  });

  afterAll(async () => {
    await killLeftovers();
    await store.remove();
    await rm(directory, { recursive: true, force: true });
  });

  async function file(name: string, content: string | Buffer): Promise<string> {
    const path = join(directory, name);
    await writeFile(path, content);
    return path;
  }

  const predict = (...args: string[]): Promise<Finished> =>
    run(process.execPath, [COMMAND, ...args, '--url', app.url], { variables: {} });
  const predictAsMember = (...args: string[]): Promise<Finished> =>
    run(process.execPath, [COMMAND, ...args, '--url', app.url], { variables: { BARISTA_API_KEY: key } });
  const jobs = async (): Promise<{ id: string; status: string; progress: { done: number } }[]> =>
    (await member.get('/jobs')).body.items;

  async function tableOf(rows: readonly object[]): Promise<string> {
    const answers = (await predictionsOf(member, rows)) as { label: string; probabilities: object }[];
    const lines = answers.map(({ label, probabilities }, index) => {
      return [...Object.values(rows[index]!), label, ...Object.values(probabilities)].join(',');
    });
    return `${[TABLE_HEADER, ...lines].join('\n')}\n`;
  }

  /** Starts a command without waiting for its end. */
  function begin(...args: string[]) {
    const env = { ...bareVariables(), BARISTA_API_KEY: key };
    const child = spawn(process.execPath, [COMMAND, ...args, '--url', app.url], { cwd: ROOT, env });
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const output = Promise.all([ended, text(child.stdout), text(child.stderr)]);
    return { child, output: output.then(([code, stdout, stderr]) => ({ code, stdout, stderr })) };
  }

  /** Waits until a new job has made progress. @param before number of jobs before */
  function untilBegun(before: number): Promise<void> {
    const isBegun = async (): Promise<boolean> => {
      const found = await jobs();
      return found.length > before && found[0]!.progress.done > 0;
    };
    return until('the job has begun', isBegun, TIMEOUT_MS);
  }

  it('prints its usage with --help, and with a message for wrong arguments', async () => {
    const { code, stdout, stderr } = await predict('--help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('npm run -s predict -- <model> <file>');
    const wrong = await predict('iris');
    expect(wrong).toEqual({ code: 1, stdout: '', stderr: expect.stringContaining('Expected a model and a file') });
  });

  it.each([
    [['iris', 'a', 'b'], 'Expected a model and a file'],
    [['iris', 'a', '--nonsense'], '--nonsense'],
    [['iris', 'a', '--format', 'xml'], '--format: expected one of csv, jsonl, got "xml"'],
    [['iris', 'a', '--on-error', 'go on'], '--on-error: expected one of reject, stop, skip, got "go on"'],
    [['iris', 'a', '--delimiter', ':'], '--delimiter: expected one of ,, ;, |, tab'],
    [['iris', 'a', '--extra', 'drop'], '--extra: expected one of keep, got "drop"'],
    [['iris', 'a', '--url', 'localhost:3000'], '--url: expected an address'],
  ])('refuses the arguments %j with a message', (args, message) => {
    expect(() => readOptions(args, {})).toThrow(message);
  });

  it('predicts a small file of a public model without a key, as CSV or as JSON lines', async () => {
    const before = (await jobs()).length;
    const csv = await predict('iris', flowers);
    expect(csv).toEqual({ code: 0, stdout: await tableOf(ROWS), stderr: '400 rows\n' });
    const lines = await predict('iris', flowers, '--format', 'jsonl');
    expect(lines.stdout).toBe(linesOf(await predictionsOf(member, ROWS)));
    const json = await predict('iris', await file('flowers.json', JSON.stringify(ROWS)));
    expect(json.stdout).toBe(linesOf(await predictionsOf(member, ROWS)));
    expect(await jobs()).toHaveLength(before);
  });

  it('writes columns for all labels, without a key as in a job', async () => {
    const corners = await file('corners.csv', 'x,y\n5,0\n0,5\n-5,-5\n');
    const { stdout } = await predict('corners', corners);
    expect(stdout).toMatch(/^x,y,label,probability_right,probability_up,probability_away\n5,0,right,0[.]\d+,,\n/);
    expect(stdout).toBe((await predictAsMember('corners', corners)).stdout);
  });

  it('keeps the precision of 64-bit integers, with a key and without', async () => {
    const row = '{"number":1,"count":9007199254740993,"word":"a","flag":true,"grid":[[1,2,3],[4,5,6]]}\n';
    const kinds = await file('kinds.jsonl', row);
    const { stdout } = await predict('kinds', kinds, '--format', 'csv');
    expect(stdout).toContain(',9007199254740993,a,true,"[[1,2,3],[4,5,6]]"\n');
    expect(stdout).toBe((await predictAsMember('kinds', kinds, '--format', 'csv')).stdout);
  });

  it('passes on how to read the file, and keeps columns, with a key and without', async () => {
    const cells = '1,1,'.replaceAll(',', ';');
    const content = Buffer.concat([
      Buffer.from(`id;number;count;word;flag;grid;label\na17;${cells}`),
      Buffer.from('bec6b8deb8aec4abb3eb', 'hex'),
      Buffer.from(';True;"[[1,2,3],[4,5,6]]";x\n'),
    ]);
    const path = await file('korean.csv', content);
    const args = ['kinds', path, '--extra', 'keep', '--delimiter', ';', '--charset', 'cp949'];
    const csv = await predict(...args);
    expect(csv.stdout).toBe(
      `id,number,count,word,flag,grid,input_label,number_out,count_out,word_out,flag_out,grid_out\n` +
        `a17,1,1,아메리카노,True,"[[1,2,3],[4,5,6]]",x,1,1,아메리카노,true,"[[1,2,3],[4,5,6]]"\n`,
    );
    expect((await predictAsMember(...args)).stdout).toBe(csv.stdout);
    const lines = await predict(...args, '--format', 'jsonl');
    expect(lines.stdout).toContain('{"row":0,"id":"a17","input_label":"x","number_out":1,');
    expect((await predictAsMember(...args, '--format', 'jsonl')).stdout).toBe(lines.stdout);
    const refused = await predict('kinds', path, '--charset', 'cp949');
    expect(refused).toEqual({ code: 1, stdout: '', stderr: expect.stringContaining('?extra=keep') });
  });

  it('keeps keys of JSON lines, and reads a file named .tsv at its tabs', async () => {
    const rows = ROWS.slice(0, 2);
    const lines = await file('flowers.jsonl', linesOf(rows.map((row, index) => ({ ...row, tags: [index] }))));
    const csv = await predict('iris', lines, '--extra', 'keep', '--format', 'csv');
    expect(csv.stdout).toContain('petal_width,tags,label,');
    expect(csv.stdout).toBe((await predictAsMember('iris', lines, '--extra', 'keep', '--format', 'csv')).stdout);
    const tabs = await file('flowers.tsv', csvOf(rows).replaceAll(',', '\t'));
    expect((await predict('iris', tabs)).stdout).toBe(await tableOf(rows));
    expect((await predictAsMember('iris', tabs)).stdout).toBe(await tableOf(rows));
  });

  it('submits one job per file and options, however often it is called', async () => {
    const before = (await jobs()).length;
    const stderr = expect.stringContaining('400 of 400 rows');
    expect(await predictAsMember('iris', flowers)).toEqual({ code: 0, stdout: await tableOf(ROWS), stderr });
    expect(await predictAsMember('iris', flowers)).toEqual({ code: 0, stdout: await tableOf(ROWS), stderr });
    expect(await jobs()).toHaveLength(before + 1);
    const skipping = await predictAsMember('iris', flowers, '--on-error', 'skip');
    expect(skipping.stdout.split('\n')[0]).toBe(`${TABLE_HEADER},error`);
    expect(await jobs()).toHaveLength(before + 2);
  });

  it('reads standard input, and writes to a file', async () => {
    const output = join(directory, 'out.jsonl');
    const { child, output: ended } = begin('iris', '-', '--format', 'jsonl', '--output', output);
    createReadStream(flowers).pipe(child.stdin);
    expect(await ended).toMatchObject({ code: 0, stdout: '' });
    expect(await readFile(output, 'utf8')).toBe(linesOf(await predictionsOf(member, ROWS)));
  });

  it('does not truncate the output file when there is no result', async () => {
    const output = await file('yesterday.csv', 'yesterday');
    const broken = await file('no-flowers.csv', csvOf(ROWS).replace('5.1', 'x'));
    expect((await predict('iris', broken, '--output', output)).code).toBe(1);
    expect(await readFile(output, 'utf8')).toBe('yesterday');
  });

  it('removes the banner of npm from a file that stdout is redirected to', async () => {
    const out = join(directory, 'out.csv');
    const script = `npm run predict -- iris ${flowers} --url ${app.url} > ${out}`;
    const { code } = await run('sh', ['-c', script], { variables: { BARISTA_API_KEY: key } });
    expect(code).toBe(0);
    expect(await readFile(out, 'utf8')).toBe(await tableOf(ROWS));
  });

  it('reports invalid rows, missing models, files and keys, and a server that is not running', async () => {
    const broken = await file('broken.csv', csvOf(ROWS).replace(/^4\.3.*$/m, 'x,2,1,0.1'));
    for (const as of [predict, predictAsMember]) {
      const { code, stdout, stderr } = await as('iris', broken);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toContain('file.2.sepal_length must be a finite number');
    }
    expect((await predict('nothing', flowers)).stderr).toContain('There is no model "nothing"');
    expect((await predict('iris', join(directory, 'nowhere.csv'))).stderr).toContain('cannot be read');
    const unknown = await run(process.execPath, [COMMAND, 'iris', flowers, '--url', app.url, '--key', 'barista_x']);
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('API key is not known') });
    const keyless = await predict('inner', flowers);
    expect(keyless).toMatchObject({ code: 1, stderr: expect.stringContaining(`${app.url}/auth/api-keys`) });
    const nobody = await run(process.execPath, [COMMAND, 'iris', flowers, '--url', 'http://127.0.0.1:9']);
    expect(nobody).toMatchObject({ code: 1, stderr: expect.stringContaining('http://127.0.0.1:9 does not respond') });
  });

  it('reports the error that ended a job, and starts the job again on the next call', async () => {
    const broken = await file('stops.csv', `${csvOf(ROWS)}x,2,1,0.1\n`);
    const first = await predictAsMember('iris', broken, '--on-error', 'stop');
    expect(first).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('file.402.sepal_length') });
    const second = await predictAsMember('iris', broken, '--on-error', 'stop');
    expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining('it is started again') });
  });

  it('leaves the job running on Ctrl-C, and resumes it on the next call', async () => {
    const before = (await jobs()).length;
    const long = await file('long.jsonl', LONG_ROWS);
    const { child, output } = begin('spin', long);
    await untilBegun(before);
    child.kill('SIGINT');
    expect(await output).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('is still running') });
    const { code, stdout } = await predictAsMember('spin', long);
    expect({ code, lines: stdout.split('\n').length }).toEqual({ code: 0, lines: 13 });
    expect(await jobs()).toHaveLength(before + 1);
  });

  it('retries while the application restarts, which still knows how to read the file and what to keep', async () => {
    const before = (await jobs()).length;
    const ids = Array.from({ length: 24 }, (_, index) => `b0a1${Buffer.from(`,${index}`).toString('hex')}`);
    const lines949 = ids.map((id) => Buffer.concat([Buffer.from(id, 'hex'), Buffer.from(';20000\n')]));
    const long = await file('longer.csv', Buffer.concat([Buffer.from('id;turns\n'), ...lines949]));
    const { output } = begin('spin', long, '--charset', 'cp949', '--extra', 'keep', '--format', 'jsonl');
    await untilBegun(before);
    const { port } = new URL(app.url);
    await app.stop('SIGKILL');
    app = await ProcessApp.start({ MODELS_DIR: store.path, PORT: port }, { databaseUrl });
    const { code, stdout, stderr } = await output;
    const lines = stdout.split('\n').filter(Boolean);
    expect({ code, lines: lines.map((line) => (JSON.parse(line) as { id: string }).id), stderr }).toEqual({
      code: 0,
      lines: Array.from({ length: 24 }, (_, index) => `가,${index}`),
      stderr: expect.stringContaining('does not respond'),
    });
  });
});
