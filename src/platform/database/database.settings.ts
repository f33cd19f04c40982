import { dirname } from 'node:path';
import type { Env } from '../config/index.js';

const SQLITE_FILE = /^sqlite:(?!\/\/|:memory:)(.+)$/;
const POSTGRES_URL = /^postgres(ql)?:\/\/.+/;

/** The location of the database: an embedded SQLite file or a PostgreSQL server. */
export class DatabaseSettings {
  readonly kind: 'sqlite' | 'postgres';
  /** The path of the SQLite file, or the URL of the server. */
  readonly location: string;
  /** Folder for files that belong to the database. */
  readonly directory: string;

  constructor(env: Env) {
    const url = env.text('DATABASE_URL', 'sqlite:./data/barista.db');
    const file = SQLITE_FILE.exec(url)?.[1];
    if (file === undefined && !POSTGRES_URL.test(url)) {
      env.addProblem('DATABASE_URL', 'expected sqlite:<file> or postgres://<user>:<password>@<host>/<database>');
    }
    this.kind = POSTGRES_URL.test(url) ? 'postgres' : 'sqlite';
    this.location = file ?? url;
    this.directory = file === undefined ? './data' : dirname(file);
  }
}
