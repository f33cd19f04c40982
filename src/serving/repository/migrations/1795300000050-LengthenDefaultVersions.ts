import { type MigrationInterface, type QueryRunner, TableColumn } from 'typeorm';

/** Versions may be times in seconds or milliseconds, up to 2^53. */
export class LengthenDefaultVersions1795300000050 implements MigrationInterface {
  up(runner: QueryRunner): Promise<void> {
    return setLength(runner, 16);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DELETE FROM "model_default" WHERE length("version") > 9');
    await setLength(runner, 9);
  }
}

async function setLength(runner: QueryRunner, length: number): Promise<void> {
  if (runner.dataSource.options.type === 'postgres') {
    // `changeColumn` would drop the column, and with it the defaults that were chosen.
    await runner.query(`ALTER TABLE "model_default" ALTER COLUMN "version" TYPE character varying(${length})`);
    return;
  }
  const column = new TableColumn({ name: 'version', type: 'varchar', length: String(length) });
  await runner.changeColumn('model_default', 'version', column);
}
