import { type MigrationInterface, type QueryRunner, Table, type TableColumnOptions } from 'typeorm';

const id: TableColumnOptions = { name: 'id', type: 'varchar', length: '36', isPrimary: true };
const memberId: TableColumnOptions = { name: 'memberId', type: 'varchar', length: '36' };
const digest: TableColumnOptions = { name: 'digest', type: 'varchar', length: '64' };
const createdAt: TableColumnOptions = { name: 'createdAt', type: 'bigint' };

/** What belongs to a member goes with the member, whatever else is forgotten. */
const ofMember = { columnNames: ['memberId'], referencedTableName: 'member', referencedColumnNames: ['id'] };

export class CreateMembers1795300000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(members());
    await runner.createTable(sessions());
    await runner.createTable(apiKeys());
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('api_key');
    await runner.dropTable('session');
    await runner.dropTable('member');
  }
}

function members(): Table {
  return new Table({
    name: 'member',
    columns: [
      id,
      { name: 'email', type: 'text' },
      { name: 'emailKey', type: 'text' },
      { name: 'passwordHash', type: 'text' },
      { name: 'name', type: 'text', isNullable: true },
      { name: 'role', type: 'varchar', length: '16' },
      createdAt,
    ],
    indices: [{ name: 'member_email_key', columnNames: ['emailKey'], isUnique: true }],
  });
}

function sessions(): Table {
  return new Table({
    name: 'session',
    columns: [
      id,
      digest,
      memberId,
      { name: 'userAgent', type: 'text', isNullable: true },
      createdAt,
      { name: 'lastSeenAt', type: 'bigint' },
    ],
    foreignKeys: [{ ...ofMember, name: 'session_member', onDelete: 'CASCADE' }],
    indices: [
      { name: 'session_digest', columnNames: ['digest'], isUnique: true },
      { name: 'session_member_id', columnNames: ['memberId'] },
      { name: 'session_created_at', columnNames: ['createdAt'] },
      { name: 'session_last_seen_at', columnNames: ['lastSeenAt'] },
    ],
  });
}

function apiKeys(): Table {
  return new Table({
    name: 'api_key',
    columns: [
      id,
      digest,
      memberId,
      { name: 'name', type: 'text' },
      createdAt,
      { name: 'expiresAt', type: 'bigint', isNullable: true },
      { name: 'lastUsedAt', type: 'bigint', isNullable: true },
    ],
    foreignKeys: [{ ...ofMember, name: 'api_key_member', onDelete: 'CASCADE' }],
    indices: [
      { name: 'api_key_digest', columnNames: ['digest'], isUnique: true },
      { name: 'api_key_member_id', columnNames: ['memberId'] },
    ],
  });
}
