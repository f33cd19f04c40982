import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';

export class CreateMenus1795300000010 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createTable(
      new Table({
        name: 'menu',
        columns: [
          { name: 'id', type: 'integer', isPrimary: true, isGenerated: true, generationStrategy: 'increment' },
          { name: 'name', type: 'varchar', length: '32', collation: codePointOrder(queryRunner) },
          { name: 'nameKey', type: 'text' },
          { name: 'price', type: 'integer' },
          { name: 'ownerId', type: 'varchar', length: '36', isNullable: true },
          { name: 'version', type: 'integer' },
          { name: 'createdAt', type: 'bigint' },
          { name: 'updatedAt', type: 'bigint' },
        ],
        indices: [
          { name: 'menu_name_id', columnNames: ['name', 'id'] },
          { name: 'menu_price_id', columnNames: ['price', 'id'] },
          { name: 'menu_owner', columnNames: ['ownerId'] },
        ],
      }),
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('menu');
  }
}

/** SQLite knows no collation of this name, and compares bytes without being told. */
function codePointOrder(queryRunner: QueryRunner): string | undefined {
  return queryRunner.dataSource.options.type === 'postgres' ? 'C' : undefined;
}
