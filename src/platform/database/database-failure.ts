import { DomainError, type DomainErrorKind, withCause } from '../http/index.js';

/** The database cannot be reached, is busy for too long, or is full: the caller may try again. */
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

const FULL = new Set(['SQLITE_FULL', 'ENOSPC', 'EDQUOT', '53100']);
/** Of PostgreSQL: connection, login, standby, deadlock, resources, operator, and the system below. */
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
const NETWORK = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);
/** What `pg`, and TypeORM of a transaction on it, say without a code of a connection that went away. */
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
const UNIQUE = new Set(['SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY', '23505']);

/** What a driver's error means to a client, where it is the database that failed and not the query. */
export function translateDatabaseError(error: unknown): DomainError | undefined {
  const code = driverCode(error);
  if (FULL.has(code)) return withCause(new DatabaseFullError(), error);
  if (isLostConnection(error) || NETWORK.has(code) || UNAVAILABLE_PREFIXES.some((prefix) => code.startsWith(prefix))) {
    return withCause(new DatabaseUnavailableError(), error);
  }
  return undefined;
}

/** Whether a write failed because a row with this unique value is there already. */
export function isUniqueViolation(error: unknown): boolean {
  return UNIQUE.has(driverCode(error));
}

/** Whether another connection holds SQLite's write lock just now. */
export function isBusy(error: unknown): boolean {
  return driverCode(error).startsWith('SQLITE_BUSY');
}

function isLostConnection(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, syscall } = error as NodeJS.ErrnoException;
  // The second is a server on a Unix socket that is not there.
  return CONNECTION_LOST.test(error.message) || (code === 'ENOENT' && syscall === 'connect');
}

function driverCode(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  const { code, driverError } = error as { code?: unknown; driverError?: { code?: unknown } };
  const given = driverError?.code ?? code;
  return typeof given === 'string' ? given : '';
}
