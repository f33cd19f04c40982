import {
  type ResponseContext,
  type DemandFeatures,
  type DemandPrediction,
  Pipeline,
  type PipelineContext,
} from '../inference/index.js';
import { MenuCatalogue } from '../menus/index.js';
import { DemandAnswerDto, DemandQuestionDto } from './dto/demand.dto.js';
import { DAY_MS, startOfHour, WEEK_MS } from './hours.js';
import { poissonQuantile } from './poisson.js';
import { SalesRepository } from './sales.repository.js';

/** Target share of hours in which `prepare` covers the demand. */
const SERVICE_LEVEL = 0.9;
const HISTORY_DAYS = 28;
const HISTORY_WEEKS = 4;

/**
 * Turns a menu and a time into the model's features, and the predicted mean demand into a quantity to prepare.
 * `models/demand/simulate.py` computes the same features for training.
 */
@Pipeline('demand', { input: DemandQuestionDto, answer: DemandAnswerDto })
export class DemandPipeline implements Pipeline<DemandQuestionDto, DemandFeatures, DemandPrediction, DemandAnswerDto> {
  /** Mean price of the catalogue, looked up once per request. */
  private readonly meanPrices = new WeakMap<PipelineContext, Promise<number>>();

  constructor(
    private readonly catalogue: MenuCatalogue,
    private readonly sales: SalesRepository,
  ) {}

  /**
   * Computes the features from the menu's price and past sales.
   *
   * @throws MenuNotFoundError
   */
  async preprocess({ menuId, at }: DemandQuestionDto, context: PipelineContext): Promise<DemandFeatures> {
    const hour = startOfHour(at.getTime());
    const now = Math.min(hour, startOfHour(Date.now()));
    const { price } = await this.catalogue.find(menuId);
    const [meanPrice, sold, first = now] = await Promise.all([
      this.meanPrice(context),
      this.sales.summarizeFourWeeks(menuId, hour, now),
      this.sales.findFirstSaleTime(menuId, now),
    ]);
    const days = (now - first) / DAY_MS;
    const weeks = Math.floor((hour - first) / WEEK_MS);
    return {
      price_ratio: meanPrice > 0 ? price / meanPrice : 1,
      price_change: sold.revenue > 0 ? (price * sold.total) / sold.revenue : 1,
      hour: new Date(hour).getUTCHours(),
      weekday: (new Date(hour).getUTCDay() + 6) % 7,
      sold_at_hour: sold.atHour / clamp(days, 1, HISTORY_DAYS),
      sold_at_weekday: sold.atWeekday / clamp(weeks, 1, HISTORY_WEEKS),
      sold_a_day: sold.inLastWeek / clamp(days, 1, 7),
      days_of_sales: clamp(Math.floor(days), 0, HISTORY_DAYS),
    };
  }

  respond({ value }: DemandPrediction, { input }: ResponseContext<DemandQuestionDto, DemandFeatures>): DemandAnswerDto {
    return {
      menuId: input.menuId,
      hour: new Date(startOfHour(input.at.getTime())).toISOString(),
      expected: Math.round(value * 10) / 10,
      prepare: poissonQuantile(value, SERVICE_LEVEL),
    };
  }

  private meanPrice(context: PipelineContext): Promise<number> {
    const meanPrice = this.meanPrices.get(context) ?? this.catalogue.meanPrice();
    this.meanPrices.set(context, meanPrice);
    return meanPrice;
  }
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}
