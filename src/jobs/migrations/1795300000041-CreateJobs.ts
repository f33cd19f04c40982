import { type MigrationInterface, type QueryRunner, Table, type TableColumnOptions } from 'typeorm';

const name = { type: 'varchar', length: '128' };
const id = { type: 'varchar', length: '36' };
const instant = { type: 'bigint' };
const isNullable = true;

const COLUMNS: TableColumnOptions[] = [
  { ...id, name: 'id', isPrimary: true },
  { ...name, name: 'kind' },
  { ...id, name: 'memberId' },
  { ...name, name: 'model', isNullable },
  { ...name, name: 'version', isNullable },
  { name: 'status', type: 'varchar', length: '16' },
  { name: 'payload', type: 'text' },
  { name: 'state', type: 'text', isNullable },
  { name: 'done', type: 'bigint' },
  { name: 'total', type: 'bigint' },
  { name: 'errors', type: 'bigint' },
  { name: 'error', type: 'text', isNullable },
  { ...id, name: 'inputId', isNullable },
  { ...id, name: 'resultId', isNullable },
  { name: 'idempotencyKey', type: 'varchar', length: '255', isNullable },
  { name: 'idempotencyDigest', type: 'varchar', length: '64', isNullable },
  { ...instant, name: 'dueAt', isNullable },
  { name: 'fence', type: 'integer' },
  { name: 'savedFence', type: 'integer' },
  { ...instant, name: 'savedAt' },
  { name: 'attempts', type: 'integer' },
  { ...instant, name: 'claimedAt', isNullable },
  { ...instant, name: 'createdAt' },
  { ...instant, name: 'startedAt', isNullable },
  { ...instant, name: 'finishedAt', isNullable },
];

export class CreateJobs1795300000041 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(
      new Table({
        name: 'job',
        columns: COLUMNS,
        indices: [
          { name: 'job_due_at', columnNames: ['dueAt'] },
          { name: 'job_status_member', columnNames: ['status', 'memberId'] },
          { name: 'job_member', columnNames: ['memberId', 'id'] },
          { name: 'job_member_claimed_at', columnNames: ['memberId', 'claimedAt'] },
          { name: 'job_finished_at', columnNames: ['finishedAt'] },
          { name: 'job_idempotency_key', columnNames: ['memberId', 'idempotencyKey'], isUnique: true },
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('job');
  }
}
