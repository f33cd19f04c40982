import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, Repository } from 'typeorm';
import { Sale } from './entities/sale.entity.js';
import { DAY, HOUR, WEEK } from './hours.js';

/** How many of a menu were sold in the four weeks before a moment. */
export interface PastSales {
  readonly total: number;
  /** What was paid for them, in the smallest unit of the currency. */
  readonly paid: number;
  /** In the last seven days of them. */
  readonly inLastWeek: number;
  /** At the hour of the day that is asked about. */
  readonly atHour: number;
  /** At that hour, on that day of the week. */
  readonly atWeekday: number;
}

const NAMES = ['total', 'paid', 'inLastWeek', 'atHour', 'atWeekday'] as const;

/** Sales as rows. What takes a manager belongs into a unit of work. */
@Injectable()
export class SalesRepository {
  constructor(@InjectRepository(Sale) private readonly sales: Repository<Sale>) {}

  /** Adds a new sale, and gives it its id. */
  async add(sale: Sale, manager: EntityManager): Promise<void> {
    await manager.insert(Sale, sale);
  }

  /** When the menu was first sold, in milliseconds; undefined where that was not before `until`. */
  async firstSold(menuId: number, until: number): Promise<number | undefined> {
    const first = await this.sales
      .createQueryBuilder('sale')
      .select('MIN(sale.soldAt)', 'soldAt')
      .where('sale.menuId = :menuId AND sale.soldAt < :until', { menuId, until })
      .getRawOne<{ soldAt: string | number | null }>();
    const soldAt = first?.soldAt ?? undefined;
    return soldAt === undefined ? undefined : Number(soldAt);
  }

  /**
   * Counts the four weeks before `until` in one pass over their part of the index.
   *
   * @param hour the beginning of the hour that is asked about, less than a week after `until`
   */
  async soldInFourWeeks(menuId: number, hour: number, until: number): Promise<PastSales> {
    const since = until - 4 * WEEK;
    // How long after the hour on an earlier day, or an earlier week; five weeks back, so that the remainder is not negative.
    const after = `(sale.soldAt - ${hour - 5 * WEEK})`;
    const counted = await this.sales
      .createQueryBuilder('sale')
      .select('SUM(sale.quantity)', 'total')
      .addSelect('SUM(sale.quantity * CAST(sale.price AS bigint))', 'paid')
      .addSelect(quantityWhere(`sale.soldAt >= ${until - WEEK}`), 'inLastWeek')
      .addSelect(quantityWhere(`${after} % ${DAY} < ${HOUR}`), 'atHour')
      .addSelect(quantityWhere(`${after} % ${WEEK} < ${HOUR}`), 'atWeekday')
      .where('sale.menuId = :menuId AND sale.soldAt >= :since AND sale.soldAt < :until', { menuId, since, until })
      .getRawOne<Record<keyof PastSales, string | number | null>>();
    // PostgreSQL writes sums as text; a sum of nothing is null.
    const [total = 0, paid = 0, inLastWeek = 0, atHour = 0, atWeekday = 0] = NAMES.map((name) =>
      Number(counted?.[name]),
    );
    return { total, paid, inLastWeek, atHour, atWeekday };
  }
}

function quantityWhere(condition: string): string {
  return `SUM(CASE WHEN ${condition} THEN sale.quantity ELSE 0 END)`;
}
