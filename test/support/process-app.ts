import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Variables } from '../../src/platform/config/index.js';
import { Client } from './client.js';
import { bareVariables, type Finished, ROOT, run } from './project.js';

/** A line of the log. */
export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** The exit of a process, with its output. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lines: readonly LogLine[];
  readonly stderr: string;
}

export interface ProcessOptions {
  /** Command instead of `node dist/bundle/main.js`. It must exec the application. */
  readonly command?: readonly [string, ...string[]];
  /** Working directory; by default an empty folder, so that no `.env` is read. */
  readonly cwd?: string;
  /** A database to share between runs; by default each run has its own. */
  readonly databaseUrl?: string;
}

export const MAIN = join(ROOT, 'dist/bundle/main.js');
let bundle: Promise<Finished> | undefined;
const running = new Set<ProcessApp>();

/** The built application in a child process, with its own port and database. */
export class ProcessApp {
  /** The log lines so far. */
  readonly lines: LogLine[] = [];
  /** Resolves when the process has ended and all its output is read. */
  readonly ended: Promise<Ended>;
  private stderr = '';
  private readonly waiting = new Set<() => void>();

  private constructor(
    private readonly child: ChildProcess,
    private readonly directory: string,
  ) {
    running.add(this);
    this.ended = this.untilEnded();
  }

  /** Starts the process without waiting. @param variables override the settings of tests */
  static async spawn(variables: Variables = {}, options: ProcessOptions = {}): Promise<ProcessApp> {
    await makeBundle();
    const directory = await mkdtemp(join(tmpdir(), 'barista-process-'));
    const defaults = {
      NODE_ENV: 'test',
      PORT: '0',
      LOG_LEVEL: 'info',
      MODELS_DIR: join(ROOT, 'models'),
      DATABASE_URL: options.databaseUrl ?? `sqlite:${join(directory, 'barista.db')}`,
    };
    const [command, ...args] = options.command ?? [process.execPath, MAIN];
    const child = spawn(command, args, {
      cwd: options.cwd ?? directory,
      env: { ...bareVariables(), ...defaults, ...variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new ProcessApp(child, directory);
  }

  /** Starts the process and waits until it is ready. */
  static async start(variables: Variables = {}, options: ProcessOptions = {}): Promise<ProcessApp> {
    const app = await ProcessApp.spawn(variables, options);
    await app.line('ready');
    return app;
  }

  /** The address in the log's `listening` line. */
  get url(): string {
    const line = this.lines.find(({ msg }) => msg === 'listening');
    if (typeof line?.url !== 'string') throw new Error('The process is not listening yet');
    return line.url;
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('The process could not be started');
    return this.child.pid;
  }

  /** A new client without a cookie. */
  client(): Client {
    return new Client(this.url);
  }

  /** Waits for the first log line with this message. Rejects if the process ends without it. */
  async line(message: string): Promise<LogLine> {
    for (;;) {
      const line = this.lines.find(({ msg }) => msg === message);
      if (line) return line;
      if (!running.has(this)) throw await this.endedWithout(message);
      await Promise.race([this.ended, new Promise<void>((resolve) => this.waiting.add(resolve))]);
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.signal(signal);
    return this.ended;
  }

  private async untilEnded(): Promise<Ended> {
    const { child } = this;
    if (!child.stdout || !child.stderr) throw new Error('The process has no output to read');
    createInterface({ input: child.stdout }).on('line', (line) => this.keep(line));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    await rm(this.directory, { recursive: true, force: true });
    running.delete(this);
    return { code, signal, lines: this.lines, stderr: this.stderr };
  }

  private keep(line: string): void {
    this.lines.push(JSON.parse(line) as LogLine);
    for (const look of this.waiting) look();
    this.waiting.clear();
  }

  private async endedWithout(message: string): Promise<Error> {
    const { code, signal, stderr } = await this.ended;
    return new Error(`The process ended (${String(code ?? signal)}) without "${message}" in its log: ${stderr}`);
  }
}

/** Builds the bundle if it is stale, once per test file: `npm test -- <file>` does not build it. */
export async function makeBundle(): Promise<void> {
  bundle ??= run(process.execPath, ['scripts/build.mjs', '--if-stale']);
  const { code, stderr } = await bundle;
  if (code !== 0) throw new Error(stderr);
}

/** Ends the processes that a failed test left running. For `afterEach`. */
export async function killLeftovers(): Promise<void> {
  await Promise.all([...running].map((app) => app.stop('SIGKILL')));
}
