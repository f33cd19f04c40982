import { DomainError, type DomainErrorKind, withCause } from '../http/index.js';

/** The database is unreachable or busy for too long. The client may retry. */
export class DatabaseUnavailableError extends DomainError {
  readonly kind: DomainErrorKind = 'unavailable';
  readonly code: string = 'database.unavailable';
  override readonly retryAfterSeconds = 1;

  constructor(
    detail = 'The database cannot be reached at the moment; try again. A change under way may have been made.',
  ) {
    super(detail);
  }
}

export class DatabaseFullError extends DomainError {
  readonly kind = 'storage-full';
  readonly code = 'database.full';

  constructor() {
    super('The database has no room left. Nothing was changed; an operator has to free some space.');
  }
}

const DISK_FULL = new Set(['SQLITE_FULL', 'ENOSPC', 'EDQUOT', '53100']);
/**
 * SQLite's result codes (https://sqlite.org/rescode.html) and PostgreSQL's classes of connection, authorization, standby, rollback,
 * resource, operator and system errors (https://www.postgresql.org/docs/current/errcodes-appendix.html).
 */
const UNAVAILABLE_PREFIXES = [
  'SQLITE_BUSY',
  'SQLITE_LOCKED',
  'SQLITE_IOERR',
  'SQLITE_CANTOPEN',
  'SQLITE_PROTOCOL',
  '08',
  '25006',
  '28',
  '3D000',
  '40',
  '53',
  '57014',
  '57P',
  '58',
];
const NETWORK_ERRORS = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);
/** Messages of `pg` and TypeORM for a lost connection. These errors have no code. */
const CONNECTION_LOST = new RegExp(
  [
    'Connection terminated',
    'Query read timeout',
    'timeout exceeded when trying to connect',
    'not queryable',
    'is not established',
    'Query runner already released',
  ].join('|'),
);
const UNIQUE_VIOLATIONS = new Set(['SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY', '23505']);

/** @returns the error for the client if the database failed; undefined if the query itself is wrong */
export function translateDatabaseError(error: unknown): DomainError | undefined {
  const code = driverCode(error);
  if (DISK_FULL.has(code)) return withCause(new DatabaseFullError(), error);
  if (
    isLostConnection(error) ||
    NETWORK_ERRORS.has(code) ||
    UNAVAILABLE_PREFIXES.some((prefix) => code.startsWith(prefix))
  ) {
    return withCause(new DatabaseUnavailableError(), error);
  }
  return undefined;
}

/** Whether a write violated a unique constraint. */
export function isUniqueViolation(error: unknown): boolean {
  return UNIQUE_VIOLATIONS.has(driverCode(error));
}

/** Whether another connection holds SQLite's write lock. */
export function isBusy(error: unknown): boolean {
  return driverCode(error).startsWith('SQLITE_BUSY');
}

function isLostConnection(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, syscall } = error as NodeJS.ErrnoException;
  // ENOENT: the Unix socket of the server does not exist.
  return CONNECTION_LOST.test(error.message) || (code === 'ENOENT' && syscall === 'connect');
}

function driverCode(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  const { code, driverError } = error as { code?: unknown; driverError?: { code?: unknown } };
  const found = driverError?.code ?? code;
  return typeof found === 'string' ? found : '';
}
