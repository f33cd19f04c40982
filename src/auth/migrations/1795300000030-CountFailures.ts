import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';

export class CountFailures1795300000030 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(failureCounts());
    await runner.createTable(knownAddresses());
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('known_address');
    await runner.dropTable('failure_count');
  }
}

function failureCounts(): Table {
  return new Table({
    name: 'failure_count',
    columns: [
      { name: 'key', type: 'varchar', length: '64', isPrimary: true },
      { name: 'failures', type: 'integer' },
      { name: 'expiresAt', type: 'bigint' },
    ],
    indices: [{ name: 'failure_count_expires_at', columnNames: ['expiresAt'] }],
  });
}

function knownAddresses(): Table {
  return new Table({
    name: 'known_address',
    columns: [
      { name: 'memberId', type: 'varchar', length: '36', isPrimary: true },
      { name: 'digest', type: 'varchar', length: '64', isPrimary: true },
      { name: 'lastUsedAt', type: 'bigint' },
    ],
    foreignKeys: [
      {
        name: 'known_address_member',
        columnNames: ['memberId'],
        referencedTableName: 'member',
        referencedColumnNames: ['id'],
        onDelete: 'CASCADE',
      },
    ],
  });
}
