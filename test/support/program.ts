import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program of the project as a process of its own. */
export class Program {
  stdout = '';
  stderr = '';
  private readonly child: ChildProcess;
  private readonly ended: Promise<number | null>;

  /** @param path below the project, of what was built */
  constructor(path: string, args: readonly string[], variables: Readonly<Record<string, string>>) {
    const env = { PATH: process.env.PATH, ...variables };
    this.child = spawn(process.execPath, [path, ...args], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stdout?.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    this.child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.ended = new Promise((resolve) => this.child.once('close', resolve));
  }

  async finish(): Promise<Finished> {
    const code = await this.ended;
    return { code, stdout: this.stdout, stderr: this.stderr };
  }

  /** The lines of its log so far. */
  lines(): Record<string, unknown>[] {
    const lines = this.stdout.split('\n').filter((line) => line.startsWith('{'));
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** The first line of its log with this message. */
  async untilLogged(message: string): Promise<Record<string, unknown>> {
    const deadline = Date.now() + 20_000;
    for (;;) {
      const line = this.lines().find(({ msg }) => msg === message);
      if (line) return line;
      if (Date.now() > deadline) throw new Error(`"${message}" was not logged: ${this.stdout}${this.stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  stop(): Promise<Finished> {
    this.child.kill('SIGTERM');
    return this.finish();
  }
}
