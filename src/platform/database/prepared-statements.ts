import type { Type } from '@nestjs/common';
import type { DataSource, EntityManager, EntityMetadata, ObjectLiteral } from 'typeorm';
import { rowLock } from './locks.js';
import { type SqliteConnection, sqliteConnection, type Statement } from './sqlite.js';

type ColumnMetadata = EntityMetadata['columns'][number];

/** Column types whose values need no conversion for SQLite. */
const PLAIN = new Set<unknown>([Number, String, 'integer', 'bigint', 'text', 'varchar']);

interface StatementSet {
  /** Returns rows as arrays in the order of `columns`. Objects with names would cost more than the query. */
  readonly find: Statement;
  readonly insert: Statement;
  readonly update: Statement;
  readonly columns: readonly ColumnMetadata[];
  /** For each column, whether its value needs no conversion. */
  readonly plain: readonly boolean[];
  /** Columns whose values an insert passes. */
  readonly insertable: readonly ColumnMetadata[];
  /** The column that the database generates. */
  readonly generated: ColumnMetadata | undefined;
  readonly dataSource: DataSource;
}

/**
 * Prepared statements for an entity with a unique key, for hot paths. On SQLite a statement takes about 5 µs, where TypeORM's `findOne`
 * takes 77 µs and `query` 20 µs (measured). On PostgreSQL the network dominates, and TypeORM runs the statements.
 */
export class PreparedStatements<E extends ObjectLiteral> {
  private readonly prepared = new WeakMap<SqliteConnection, StatementSet>();

  constructor(
    private readonly entity: Type<E>,
    private readonly key: keyof E & string,
  ) {}

  /** @returns the entity with this key, as the connection of `manager` sees it */
  async find(manager: EntityManager, key: string | number): Promise<E | null> {
    const statements = this.statementsFor(manager);
    if (!statements) return manager.findOneBy(this.entity, { [this.key]: key } as never);
    const row = statements.find.get(key) as unknown[] | undefined;
    return row ? this.hydrate(row, statements) : null;
  }

  /** Like `find`, with a row lock until the end of the transaction. Requires a unit of work. */
  async findForUpdate(manager: EntityManager, key: string | number): Promise<E | null> {
    const lock = rowLock(manager);
    if (!lock) return this.find(manager, key);
    return manager.findOne(this.entity, { where: { [this.key]: key } as never, lock });
  }

  /** Inserts an entity and sets its generated id, if it has one. Requires a unit of work. */
  async insert(manager: EntityManager, entity: E): Promise<void> {
    const statements = this.statementsFor(manager);
    if (!statements) {
      await manager.insert(this.entity, entity);
      return;
    }
    const { insertable, generated, dataSource, insert } = statements;
    const { lastInsertRowid } = insert.run(...insertable.map((column) => toColumnValue(entity, column, dataSource)));
    if (generated) Object.assign(entity, { [generated.propertyName]: Number(lastInsertRowid) });
  }

  /** Writes all columns of an existing entity. The key must be unchanged. Requires a unit of work. */
  async update(manager: EntityManager, entity: E): Promise<void> {
    const statements = this.statementsFor(manager);
    if (!statements) {
      await manager.update(this.entity, { [this.key]: entity[this.key] }, entity);
      return;
    }
    const { insertable, dataSource, update } = statements;
    update.run(...insertable.map((column) => toColumnValue(entity, column, dataSource)), entity[this.key]);
  }

  private hydrate(row: readonly unknown[], { columns, plain, dataSource }: StatementSet): E {
    const entity = new this.entity() as Record<string, unknown>;
    for (let index = 0; index < columns.length; index += 1) {
      const [column, value] = [columns[index]!, row[index]];
      entity[column.propertyName] = plain[index] ? value : dataSource.driver.prepareHydratedValue(value, column);
    }
    return entity as E;
  }

  private statementsFor(manager: EntityManager): StatementSet | undefined {
    const sqlite = sqliteConnection(manager.dataSource);
    if (!sqlite) return undefined;
    const existing = this.prepared.get(sqlite);
    if (existing) return existing;
    const created = this.prepare(sqlite, manager.dataSource);
    this.prepared.set(sqlite, created);
    return created;
  }

  private prepare(sqlite: SqliteConnection, dataSource: DataSource): StatementSet {
    const { columns, tablePath } = dataSource.getMetadata(this.entity);
    const escapedName = (column: ColumnMetadata): string => dataSource.driver.escape(column.databaseName);
    const table = dataSource.driver.escape(tablePath);
    const key = columns.find((column) => column.propertyName === this.key)!;
    const insertable = columns.filter((column) => !column.isGenerated);
    const placeholders = insertable.map(() => '?').join(', ');
    const assignments = insertable.map((column) => `${escapedName(column)} = ?`).join(', ');
    return {
      find: sqlite
        .prepare(`SELECT ${columns.map(escapedName).join(', ')} FROM ${table} WHERE ${escapedName(key)} = ?`)
        .raw(),
      insert: sqlite.prepare(
        `INSERT INTO ${table} (${insertable.map(escapedName).join(', ')}) VALUES (${placeholders})`,
      ),
      update: sqlite.prepare(`UPDATE ${table} SET ${assignments} WHERE ${escapedName(key)} = ?`),
      columns,
      plain: columns.map(isPlain),
      insertable,
      generated: columns.find((column) => column.isGenerated),
      dataSource,
    };
  }
}

function isPlain({ transformer, type }: ColumnMetadata): boolean {
  return transformer === undefined && PLAIN.has(type);
}

function toColumnValue(entity: ObjectLiteral, column: ColumnMetadata, { driver }: DataSource): unknown {
  const value = (entity as Record<string, unknown>)[column.propertyName];
  return isPlain(column) ? value : (driver.preparePersistentValue(value, column) as unknown);
}
