import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';

export class CreateSales1795300000020 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(
      new Table({
        name: 'sale',
        columns: [
          { name: 'id', type: 'integer', isPrimary: true, isGenerated: true, generationStrategy: 'increment' },
          { name: 'menuId', type: 'integer' },
          { name: 'quantity', type: 'integer' },
          { name: 'price', type: 'integer' },
          { name: 'soldAt', type: 'bigint' },
        ],
        foreignKeys: [
          {
            name: 'sale_menu',
            columnNames: ['menuId'],
            referencedTableName: 'menu',
            referencedColumnNames: ['id'],
            onDelete: 'CASCADE',
          },
        ],
        indices: [{ name: 'sale_menu_sold_at', columnNames: ['menuId', 'soldAt'] }],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('sale');
  }
}
