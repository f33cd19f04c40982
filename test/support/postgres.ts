import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const DEBIAN_VERSIONS = '/usr/lib/postgresql';

/** A private PostgreSQL server for one test file. */
export interface PostgresServer {
  readonly url: string;
  /** Stops the server as in a crash. Connections are reset. */
  breakDown(): Promise<unknown>;
  /** Starts the server again after `breakDown`, with the same address and data. */
  comeBack(): Promise<unknown>;
  /** Stops the server and deletes its data. */
  stop(): Promise<void>;
}

/** @returns the directory of PostgreSQL's programs (15 or newer); undefined if none is installed */
export function findPostgres(): string | undefined {
  return [fromPgConfig(), ...fromDebian()].find((bin) => bin !== undefined && existsSync(join(bin, 'initdb')));
}

/** @returns why no server can start, for `describeUnless`; undefined if the programs were found */
export function postgresUnavailableReason(bin: string | undefined): string | undefined {
  return bin === undefined ? 'no PostgreSQL was found (Debian: postgresql)' : undefined;
}

/**
 * Starts a new cluster on a free port of the loopback address. Its databases use an English collation, so that
 * queries must ask for an order by code point.
 */
export async function startPostgres(bin: string): Promise<PostgresServer> {
  const directory = await mkdtemp(join(tmpdir(), 'barista-postgres-'));
  const data = join(directory, 'data');
  const port = await freePort();
  const account = serverAccount();
  if (account) await chown(directory, account.uid, account.gid);
  const run = (program: string, ...args: string[]) =>
    promisify(execFile)(join(bin, program), args, { ...account, cwd: directory });

  const english = ['--locale=C', '--encoding=UTF8', '--locale-provider=icu', '--icu-locale=en'];
  await run('initdb', '-D', data, '-U', 'barista', '--auth=trust', '--no-sync', ...english);
  const options = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off`;
  const start = () => run('pg_ctl', 'start', '-w', '-D', data, '-l', join(directory, 'log'), '-o', options);
  const breakDown = () => run('pg_ctl', 'stop', '-w', '-m', 'immediate', '-D', data);
  await start();
  return {
    url: `postgres://barista@127.0.0.1:${port}/postgres`,
    breakDown,
    comeBack: start,
    stop: async () => {
      await breakDown().catch(() => undefined);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function fromPgConfig(): string | undefined {
  try {
    return execFileSync('pg_config', ['--bindir'], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

/** Debian installs the server's programs outside the PATH. The newest comes first. */
function fromDebian(): string[] {
  if (!existsSync(DEBIAN_VERSIONS)) return [];
  const versions = readdirSync(DEBIAN_VERSIONS).sort((a, b) => Number(b) - Number(a));
  return versions.map((version) => join(DEBIAN_VERSIONS, version, 'bin'));
}

/** PostgreSQL refuses to run as root. Then it runs as the account of its package. */
function serverAccount(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
