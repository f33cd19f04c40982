import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';

export class CreateModelDefaults1763000300000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(
      new Table({
        name: 'model_default',
        columns: [
          { name: 'model', type: 'varchar', length: '64', isPrimary: true },
          { name: 'version', type: 'varchar', length: '9' },
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('model_default');
  }
}
