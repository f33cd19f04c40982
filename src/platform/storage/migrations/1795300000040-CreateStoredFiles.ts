import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';
import { bytesType } from '../../database/index.js';

export class CreateStoredFiles1795300000040 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(
      new Table({
        name: 'stored_file',
        columns: [
          { name: 'id', type: 'varchar', length: '36', isPrimary: true },
          { name: 'size', type: 'bigint' },
          { name: 'createdAt', type: 'bigint' },
          { name: 'removeAt', type: 'bigint', isNullable: true },
        ],
        indices: [{ name: 'stored_file_remove_at', columnNames: ['removeAt'] }],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'stored_chunk',
        columns: [
          { name: 'fileId', type: 'varchar', length: '36', isPrimary: true },
          { name: 'position', type: 'bigint', isPrimary: true },
          { name: 'bytes', type: bytesType(runner.dataSource.options.type) },
        ],
        foreignKeys: [
          {
            name: 'stored_chunk_file',
            columnNames: ['fileId'],
            referencedTableName: 'stored_file',
            referencedColumnNames: ['id'],
          },
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('stored_chunk');
    await runner.dropTable('stored_file');
  }
}
