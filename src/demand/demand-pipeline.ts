import {
  type ResponseContext,
  type DemandFeatures,
  type DemandPrediction,
  Pipeline,
  type PipelineContext,
} from '../inference/index.js';
import { MenuCatalogue } from '../menus/index.js';
import { DemandAnswerDto, DemandQuestionDto } from './dto/demand.dto.js';
import { DAY, hourOf, WEEK } from './hours.js';
import { enough } from './poisson.js';
import { SalesRepository } from './sales.repository.js';

/** Of such hours, the share in which `prepare` is to be enough. */
const ENOUGH = 0.9;
const DAYS_LOOKED_BACK = 28;
const WEEKS_LOOKED_BACK = 4;

/**
 * From a menu and a time to what the model must know, and from its answer to what a kitchen must know.
 * `models/demand/simulate.py` counts the same.
 */
@Pipeline('demand', { input: DemandQuestionDto, answer: DemandAnswerDto })
export class DemandPipeline implements Pipeline<DemandQuestionDto, DemandFeatures, DemandPrediction, DemandAnswerDto> {
  /** The same for all questions of a request. */
  private readonly meanPrices = new WeakMap<PipelineContext, Promise<number>>();

  constructor(
    private readonly catalogue: MenuCatalogue,
    private readonly sales: SalesRepository,
  ) {}

  /** Looks up the menu's price and past sales; throws `MenuNotFoundError`. */
  async preprocess({ menuId, at }: DemandQuestionDto, context: PipelineContext): Promise<DemandFeatures> {
    const hour = hourOf(at.getTime());
    const now = Math.min(hour, hourOf(Date.now()));
    const { price } = await this.catalogue.find(menuId);
    const [meanPrice, sold, first = now] = await Promise.all([
      this.meanPrice(context),
      this.sales.soldInFourWeeks(menuId, hour, now),
      this.sales.firstSold(menuId, now),
    ]);
    const days = (now - first) / DAY;
    const weeks = Math.floor((hour - first) / WEEK);
    return {
      price_ratio: meanPrice > 0 ? price / meanPrice : 1,
      price_change: sold.paid > 0 ? (price * sold.total) / sold.paid : 1,
      hour: new Date(hour).getUTCHours(),
      weekday: (new Date(hour).getUTCDay() + 6) % 7,
      sold_at_hour: sold.atHour / between(1, days, DAYS_LOOKED_BACK),
      sold_at_weekday: sold.atWeekday / between(1, weeks, WEEKS_LOOKED_BACK),
      sold_a_day: sold.inLastWeek / between(1, days, 7),
      days_of_sales: between(0, Math.floor(days), DAYS_LOOKED_BACK),
    };
  }

  respond({ value }: DemandPrediction, { input }: ResponseContext<DemandQuestionDto, DemandFeatures>): DemandAnswerDto {
    return {
      menuId: input.menuId,
      hour: new Date(hourOf(input.at.getTime())).toISOString(),
      expected: Math.round(value * 10) / 10,
      prepare: enough(value, ENOUGH),
    };
  }

  private meanPrice(context: PipelineContext): Promise<number> {
    const found = this.meanPrices.get(context) ?? this.catalogue.meanPrice();
    this.meanPrices.set(context, found);
    return found;
  }
}

function between(least: number, value: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
