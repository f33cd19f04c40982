import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, Repository } from 'typeorm';
import { Sale } from './entities/sale.entity.js';
import { DAY_MS, HOUR_MS, WEEK_MS } from './hours.js';

/** Quantities of a menu sold in the four weeks before a moment. */
export interface SalesSummary {
  readonly total: number;
  /** Revenue of `total`, in the smallest unit of the currency. */
  readonly revenue: number;
  /** In the last seven days. */
  readonly inLastWeek: number;
  /** In the requested hour of the day. */
  readonly atHour: number;
  /** In that hour of the day, on the same day of the week. */
  readonly atWeekday: number;
}

const COLUMNS = ['total', 'revenue', 'inLastWeek', 'atHour', 'atWeekday'] as const;

/** Database access to sales. Call the methods that take a manager inside a unit of work. */
@Injectable()
export class SalesRepository {
  constructor(@InjectRepository(Sale) private readonly sales: Repository<Sale>) {}

  /** Inserts a sale, and sets its generated id. */
  async add(sale: Sale, manager: EntityManager): Promise<void> {
    await manager.insert(Sale, sale);
  }

  /** Time of the first sale before `until`, in milliseconds since the epoch; undefined if there is none. */
  async findFirstSaleTime(menuId: number, until: number): Promise<number | undefined> {
    const first = await this.sales
      .createQueryBuilder('sale')
      .select('MIN(sale.soldAt)', 'soldAt')
      .where('sale.menuId = :menuId AND sale.soldAt < :until', { menuId, until })
      .getRawOne<{ soldAt: string | number | null }>();
    const soldAt = first?.soldAt ?? undefined;
    return soldAt === undefined ? undefined : Number(soldAt);
  }

  /**
   * Sums up the four weeks before `until` in one scan of their part of the index.
   *
   * @param hour start of the requested hour, less than a week after `until`
   */
  async summarizeFourWeeks(menuId: number, hour: number, until: number): Promise<SalesSummary> {
    const since = until - 4 * WEEK_MS;
    // Offset from the requested hour, five weeks back so that remainders by day and week are not negative.
    const offset = `(sale.soldAt - ${hour - 5 * WEEK_MS})`;
    const sums = await this.sales
      .createQueryBuilder('sale')
      .select('SUM(sale.quantity)', 'total')
      .addSelect('SUM(sale.quantity * CAST(sale.price AS bigint))', 'revenue')
      .addSelect(sumQuantityWhere(`sale.soldAt >= ${until - WEEK_MS}`), 'inLastWeek')
      .addSelect(sumQuantityWhere(`${offset} % ${DAY_MS} < ${HOUR_MS}`), 'atHour')
      .addSelect(sumQuantityWhere(`${offset} % ${WEEK_MS} < ${HOUR_MS}`), 'atWeekday')
      .where('sale.menuId = :menuId AND sale.soldAt >= :since AND sale.soldAt < :until', { menuId, since, until })
      .getRawOne<Record<keyof SalesSummary, string | number | null>>();
    // PostgreSQL returns sums as text. The sum of no rows is null.
    const [total = 0, revenue = 0, inLastWeek = 0, atHour = 0, atWeekday = 0] = COLUMNS.map((name) =>
      Number(sums?.[name]),
    );
    return { total, revenue, inLastWeek, atHour, atWeekday };
  }
}

function sumQuantityWhere(condition: string): string {
  return `SUM(CASE WHEN ${condition} THEN sale.quantity ELSE 0 END)`;
}
