import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { UnitOfWork } from '../../src/platform/database/index.js';
import { type FinishedJob, JobHandler, JobsService, type NewJob, type RunningJob } from '../../src/jobs/index.js';
import { FileStore } from '../../src/platform/storage/index.js';
import type { Client } from './client.js';
import type { TestApp } from './test-app.js';
import { until } from './until.js';

type Script = (job: RunningJob<Scripted>) => Promise<void>;

/** Payload of a job that runs a function of the test. */
export interface Scripted {
  readonly script: string;
}

const scripts = new Map<string, Script>();

/** Calls the script of the job on every run. */
@JobHandler('scripted')
export class ScriptedJobs implements JobHandler<Scripted> {
  run(job: RunningJob<Scripted>): Promise<void> {
    return scripts.get(job.payload.script)!(job);
  }

  async *toCsv(job: FinishedJob<Scripted>): AsyncGenerator<string> {
    yield 'n\n';
    for await (const piece of job.lines()) {
      for (const line of piece.toString().trimEnd().split('\n')) yield `${(JSON.parse(line) as { n: number }).n}\n`;
    }
  }
}

/** A handler without CSV. */
@JobHandler('plain')
export class PlainJobs implements JobHandler {
  async run(job: RunningJob): Promise<void> {
    await job.save({ result: Buffer.from('{"n":1}\n') });
  }
}

export const JOB_HANDLERS = [ScriptedJobs, PlainJobs];

/** A job that runs `script`. */
export function scripted(memberId: string, script: Script, more: Partial<NewJob> = {}): NewJob {
  const name = randomUUID();
  scripts.set(name, script);
  return { kind: 'scripted', memberId, payload: { script: name }, total: 3, ...more };
}

/** Enqueues a job as a feature does. @returns its id */
export async function enqueue({ app }: TestApp, job: NewJob): Promise<string> {
  const { id } = await app.get(UnitOfWork).run((manager) => app.get(JobsService).enqueue(manager, job));
  return id;
}

/** @returns the id of the job */
export function enqueueScript(app: TestApp, memberId: string, script: Script): Promise<string> {
  return enqueue(app, scripted(memberId, script));
}

/** Stores text as an upload. @returns the id of the file */
export async function upload({ app }: TestApp, text: string): Promise<string> {
  const { id } = await app.get(FileStore).receive(pieces(text), { limit: text.length });
  return id;
}

/** Waits until the job has a status. @returns the job as of `GET /jobs/{id}` */
export async function untilJob(client: Client, id: string, status: string): Promise<Record<string, never>> {
  let body: { status?: string } = {};
  await until(`job ${id} is ${status}`, async () => {
    ({ body } = await client.get(`/jobs/${id}`));
    return body.status === status;
  });
  return body as Record<string, never>;
}

/** A line of a result. */
export function line(n: number): Buffer {
  return Buffer.from(`${JSON.stringify({ n })}\n`);
}

/** A promise that the test resolves. */
export class Deferred<T = void> {
  readonly promise: Promise<T>;
  resolve!: (value: T) => void;

  constructor() {
    this.promise = new Promise((resolve) => (this.resolve = resolve));
  }
}

/** Waits until the job is told to stop, then throws the reason. */
export async function untilAborted({ signal }: RunningJob): Promise<never> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  throw signal.reason as Error;
}

async function* pieces(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}

/** A response whose body the test reads itself. */
export async function openResponse(client: Client, path: string, key?: string): Promise<IncomingMessage> {
  const cookie = [...client.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const headers = key === undefined ? { cookie } : { authorization: `Bearer ${key}` };
  const [response] = (await once(get(client.url + path, { headers }), 'response')) as [IncomingMessage];
  return response;
}
