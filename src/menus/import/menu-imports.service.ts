import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { IdentityService, type AuthenticatedMember } from '../../auth/index.js';
import { UnitOfWork } from '../../platform/database/index.js';
import { type FieldError, HttpSettings, type Upload } from '../../platform/http/index.js';
import { type JobDto, Jobs } from '../../jobs/index.js';
import { demandFormat } from '../../platform/records/index.js';
import { FileStore } from '../../platform/storage/index.js';
import { MenusRepository } from '../menus.repository.js';
import { type MenuFields, MenusService } from '../menus.service.js';
import type { ImportPreviewDto, ImportSampleDto } from './dto/menu-import.dto.js';
import { type ImportOutcome, planOf, pricesOf } from './import-plan.js';
import { type MenuFile, menuRecords, type MenuRow, menuRowOf } from './menu-rows.js';

export const MENU_IMPORT = 'menu-import';

const MAX_ERRORS = 100;
const MAX_SAMPLE = 10;

/** Menus from files: what they would change, and the change itself. */
@Injectable()
export class MenuImports {
  constructor(
    private readonly jobs: Jobs,
    private readonly files: FileStore,
    private readonly menus: MenusService,
    private readonly rows: MenusRepository,
    private readonly identity: IdentityService,
    private readonly unitOfWork: UnitOfWork,
    private readonly settings: HttpSettings,
  ) {}

  /** The largest file, in bytes. */
  get limit(): number {
    return this.settings.bodyLimit.files;
  }

  /** What the file would change; stores nothing. */
  async preview(upload: Upload, { id }: AuthenticatedMember): Promise<ImportPreviewDto> {
    const file = fileOf(upload);
    const counts: Record<ImportOutcome, number> = { created: 0, updated: 0, unchanged: 0 };
    const errors: FieldError[] = [];
    const sample: ImportSampleDto[] = [];
    const prices = new Map<string, number>();
    for await (const records of menuRecords(upload.bytes, file)) {
      const rows = await Promise.all(records.map((record) => menuRowOf(record, file.format)));
      errors.push(...rows.flatMap((row) => row.errors).slice(0, MAX_ERRORS - errors.length));
      const good = rows.filter(isGood);
      await this.lookUp(menusOf(good), id, prices);
      planOf(menusOf(good), prices).forEach((outcome, index) => {
        counts[outcome] += 1;
        const { row, menu } = good[index]!;
        if (outcome !== 'unchanged' && sample.length < MAX_SAMPLE) sample.push({ row, ...menu, outcome });
      });
    }
    const { created: toCreate, updated: toUpdate, unchanged } = counts;
    return { toCreate, toUpdate, unchanged, errors, sample };
  }

  /** Keeps the file and enqueues its import, once all of it has been seen to be readable. */
  async start(upload: Upload, { id: memberId }: AuthenticatedMember): Promise<JobDto> {
    const payload = fileOf(upload);
    const { id: inputId } = await this.files.receive(upload.bytes, { limit: this.limit });
    try {
      let total = 0;
      for await (const records of menuRecords(this.files.read(inputId), payload)) total += records.length;
      return await this.unitOfWork.run((manager) =>
        this.jobs.enqueue(manager, { kind: MENU_IMPORT, memberId, payload, total, inputId }),
      );
    } catch (error) {
      await this.files.discard(inputId);
      throw error;
    }
  }

  /** What rows would become just now. */
  async plan(menus: readonly MenuFields[], ownerId: string): Promise<ImportOutcome[]> {
    return planOf(menus, await this.pricesNow(menus, ownerId));
  }

  /** Writes rows; answers what has become of each. Belongs into a unit of work. */
  async write(menus: readonly MenuFields[], ownerId: string, manager: EntityManager): Promise<ImportOutcome[]> {
    // Two imports of one member come one after the other: both might make the same menu.
    await this.identity.lockMember({ id: ownerId }, manager);
    const found = menus.length === 0 ? [] : await this.rows.findOwnForChange(ownerId, namesOf(menus), manager);
    const plan = planOf(menus, pricesOf(found));
    const known = new Map(found.map((menu) => [menu.name, menu]));
    for (const fields of menus) {
      const menu = known.get(fields.name);
      if (menu) await this.menus.revise(menu, fields, manager);
      else known.set(fields.name, await this.menus.add(fields, ownerId, manager));
    }
    return plan;
  }

  private async pricesNow(menus: readonly MenuFields[], ownerId: string): Promise<Map<string, number>> {
    return pricesOf(menus.length === 0 ? [] : await this.rows.findOwnPrices(ownerId, namesOf(menus)));
  }

  /** Adds the prices of menus whose names have not been met in the file before: those that have have one by now. */
  private async lookUp(menus: readonly MenuFields[], ownerId: string, prices: Map<string, number>): Promise<void> {
    const fresh = menus.filter(({ name }) => !prices.has(name));
    for (const [name, price] of await this.pricesNow(fresh, ownerId)) prices.set(name, price);
  }
}

type GoodRow = MenuRow & { readonly menu: MenuFields };

export function isGood(row: MenuRow): row is GoodRow {
  return row.menu !== undefined;
}

export function menusOf(rows: readonly GoodRow[]): MenuFields[] {
  return rows.map(({ menu }) => menu);
}

function namesOf(menus: readonly MenuFields[]): string[] {
  return [...new Set(menus.map(({ name }) => name))];
}

function fileOf({ mediaType, name, isFile }: Upload): MenuFile {
  return { format: demandFormat(mediaType, name), from: isFile ? 'file' : 'body' };
}
