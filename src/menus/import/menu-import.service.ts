import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { IdentityService, type AuthenticatedMember } from '../../auth/index.js';
import { UnitOfWork } from '../../platform/database/index.js';
import { type FieldError, HttpSettings, MAX_ERRORS, type Upload } from '../../platform/http/index.js';
import { type JobDto, JobsService } from '../../jobs/index.js';
import { declaredDelimiter, type Delimiter, requireFormat, toUtf8 } from '../../platform/records/index.js';
import { FileStore } from '../../platform/storage/index.js';
import { MenusRepository } from '../menus.repository.js';
import { type MenuFields, MenusService } from '../menus.service.js';
import type { ImportPreviewDto, ImportSampleDto } from './dto/menu-import.dto.js';
import { type ImportOutcome, planImport, indexPrices } from './import-plan.js';
import { type MenuFile, readMenuRecords, type MenuRow, parseMenuRow } from './menu-rows.js';

export const MENU_IMPORT = 'menu-import';

const MAX_SAMPLE_ROWS = 10;

/** Previews, enqueues and writes imports of menus from files. */
@Injectable()
export class MenuImportService {
  constructor(
    private readonly jobs: JobsService,
    private readonly files: FileStore,
    private readonly menus: MenusService,
    private readonly rows: MenusRepository,
    private readonly identity: IdentityService,
    private readonly unitOfWork: UnitOfWork,
    private readonly settings: HttpSettings,
  ) {}

  /** Largest file, in bytes. */
  get maxFileBytes(): number {
    return this.settings.bodyLimit.files;
  }

  /**
   * The changes that the import would make. Stores nothing.
   *
   * @throws InvalidInputError if the file as a whole cannot be read
   */
  async preview(
    upload: Upload,
    delimiter: Delimiter | undefined,
    { id }: AuthenticatedMember,
  ): Promise<ImportPreviewDto> {
    const file = toMenuFile(upload, delimiter);
    const counts: Record<ImportOutcome, number> = { created: 0, updated: 0, unchanged: 0 };
    const errors: FieldError[] = [];
    const sample: ImportSampleDto[] = [];
    const prices = new Map<string, number>();
    for await (const records of readMenuRecords(toUtf8(upload.bytes, upload.charset), file)) {
      const rows = await Promise.all(records.map((record) => parseMenuRow(record, file.format)));
      errors.push(...rows.flatMap((row) => row.errors).slice(0, MAX_ERRORS - errors.length));
      const valid = rows.filter(isValid);
      await this.addCurrentPrices(menusOf(valid), id, prices);
      planImport(menusOf(valid), prices).forEach((outcome, index) => {
        counts[outcome] += 1;
        const { row, menu } = valid[index]!;
        if (outcome !== 'unchanged' && sample.length < MAX_SAMPLE_ROWS) sample.push({ row, ...menu, outcome });
      });
    }
    const { created: toCreate, updated: toUpdate, unchanged } = counts;
    return { toCreate, toUpdate, unchanged, errors, sample };
  }

  /**
   * Stores the file, reads it through once, and enqueues its import.
   *
   * @throws InvalidInputError if the file as a whole cannot be read; the stored file is then discarded
   */
  async start(
    upload: Upload,
    delimiter: Delimiter | undefined,
    { id: memberId }: AuthenticatedMember,
  ): Promise<JobDto> {
    const payload = toMenuFile(upload, delimiter);
    const bytes = toUtf8(upload.bytes, upload.charset);
    const { id: inputId } = await this.files.receive(bytes, { limit: this.maxFileBytes });
    try {
      let total = 0;
      for await (const records of readMenuRecords(this.files.read(inputId), payload)) total += records.length;
      return await this.unitOfWork.run((manager) =>
        this.jobs.enqueue(manager, { kind: MENU_IMPORT, memberId, payload, total, inputId }),
      );
    } catch (error) {
      await this.files.discard(inputId);
      throw error;
    }
  }

  /** The outcome of each row if it were written now. */
  async plan(menus: readonly MenuFields[], ownerId: string): Promise<ImportOutcome[]> {
    return planImport(menus, await this.currentPrices(menus, ownerId));
  }

  /**
   * Writes rows, and returns the outcome of each. Call it inside a unit of work.
   *
   * @throws NotAuthenticatedError if the member has withdrawn
   */
  async write(menus: readonly MenuFields[], ownerId: string, manager: EntityManager): Promise<ImportOutcome[]> {
    // Serializes the imports of one member: two at once could create the same menu twice.
    await this.identity.lockMember({ id: ownerId }, manager);
    const found = menus.length === 0 ? [] : await this.rows.findOwnForUpdate(ownerId, namesOf(menus), manager);
    const plan = planImport(menus, indexPrices(found));
    const byName = new Map(found.map((menu) => [menu.name, menu]));
    for (const fields of menus) {
      const menu = byName.get(fields.name);
      if (menu) await this.menus.applyChanges(menu, fields, manager);
      else byName.set(fields.name, await this.menus.add(fields, ownerId, manager));
    }
    return plan;
  }

  private async currentPrices(menus: readonly MenuFields[], ownerId: string): Promise<Map<string, number>> {
    return indexPrices(menus.length === 0 ? [] : await this.rows.findOwnPrices(ownerId, namesOf(menus)));
  }

  /** Adds the stored prices of names that are new in this file; `prices` already has planned ones for the others. */
  private async addCurrentPrices(
    menus: readonly MenuFields[],
    ownerId: string,
    prices: Map<string, number>,
  ): Promise<void> {
    const unseen = menus.filter(({ name }) => !prices.has(name));
    for (const [name, price] of await this.currentPrices(unseen, ownerId)) prices.set(name, price);
  }
}

type ValidRow = MenuRow & { readonly menu: MenuFields };

export function isValid(row: MenuRow): row is ValidRow {
  return row.menu !== undefined;
}

export function menusOf(rows: readonly ValidRow[]): MenuFields[] {
  return rows.map(({ menu }) => menu);
}

function namesOf(menus: readonly MenuFields[]): string[] {
  return [...new Set(menus.map(({ name }) => name))];
}

function toMenuFile({ mediaType, name, isFile }: Upload, requested: Delimiter | undefined): MenuFile {
  const delimiter = requested ?? declaredDelimiter(mediaType, name);
  return { format: requireFormat(mediaType, name), from: isFile ? 'file' : 'body', delimiter };
}
