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

/** How a process ended, with all it wrote. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lines: readonly LogLine[];
  readonly stderr: string;
}

export interface ProcessOptions {
  /** What to run instead of `node dist/bundle/main.js`; it must become that in the end. */
  readonly command?: readonly [string, ...string[]];
  /** Where to run it: an empty folder unless given, so that no `.env` is read. */
  readonly cwd?: string;
  /** A database to keep over several runs; otherwise each has its own. */
  readonly databaseUrl?: string;
}

export const MAIN = join(ROOT, 'dist/bundle/main.js');
let bundle: Promise<Finished> | undefined;
const running = new Set<ProcessApp>();

/** The built application as a process of its own, on a free port and a database of its own. */
export class ProcessApp {
  /** What has been logged so far. */
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

  /** Starts the process and waits for nothing. `variables` are its settings over the test defaults. */
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

  /** Resolves with the first line with this message, now or later; rejects when the process ends without it. */
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

/** `npm test -- <file>` leaves it to the tests that need it. */
export async function makeBundle(): Promise<void> {
  bundle ??= run(process.execPath, ['scripts/build.mjs', '--if-stale']);
  const { code, stderr } = await bundle;
  if (code !== 0) throw new Error(stderr);
}

/** Ends what a failed test left running. For `afterEach`. */
export async function killLeftovers(): Promise<void> {
  await Promise.all([...running].map((app) => app.stop('SIGKILL')));
}
