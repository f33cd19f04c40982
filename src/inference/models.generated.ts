// Written by `npm run model -- types` from models/: the input and output of each model. Do not edit; run it again.

/** A row of demand. How many of a menu item will be sold in an hour */
export interface DemandFeatures {
  /** at least 0: Price of the item ÷ mean price of the catalogue */
  readonly price_ratio: number;
  /** at least 0: Price ÷ mean price paid in the last 28 days; 1 where none was sold */
  readonly price_change: number;
  /** h, 0 to 23: Hour of the day, UTC */
  readonly hour: number;
  /** 0 to 6: Day of the week, UTC: 0 is Monday */
  readonly weekday: number;
  /** 1/h, at least 0: Sold at this hour of the day, a day on average over the last 28 days */
  readonly sold_at_hour: number;
  /** 1/h, at least 0: Sold at this hour of this weekday, on average over the last 4 weeks */
  readonly sold_at_weekday: number;
  /** 1/d, at least 0: Sold a day, on average over the last 7 days */
  readonly sold_a_day: number;
  /** d, 0 to 28: Whole days since the first recorded sale, at most 28 */
  readonly days_of_sales: number;
}

/** A prediction of demand. */
export interface DemandPrediction {
  readonly value: number;
}

/** A row of digits. Which digit a picture shows: drawn, scanned or photographed, dark on bright or bright on dark */
export interface DigitsFeatures {
  /** 0 to 1: Brightness of each pixel */
  readonly image: readonly (readonly (readonly number[])[])[];
}

/** A prediction of digits. */
export interface DigitsPrediction {
  readonly label: '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9';
  readonly index: number;
  readonly probabilities: Readonly<Partial<Record<'0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9', number>>>;
}

/** A row of iris. Species of an iris flower from four measurements */
export interface IrisFeatures {
  /** cm, 0 to 100: Length of the sepal */
  readonly sepal_length: number;
  /** cm, 0 to 100: Width of the sepal */
  readonly sepal_width: number;
  /** cm, 0 to 100: Length of the petal */
  readonly petal_length: number;
  /** cm, 0 to 100: Width of the petal */
  readonly petal_width: number;
}

/** A prediction of iris. */
export interface IrisPrediction {
  readonly label: 'setosa' | 'versicolor' | 'virginica';
  readonly index: number;
  readonly probabilities: Readonly<Record<'setosa' | 'versicolor' | 'virginica', number>>;
}

/** Every model, by name. */
export interface ModelTypes {
  readonly demand: { readonly features: DemandFeatures; readonly prediction: DemandPrediction };
  readonly digits: { readonly features: DigitsFeatures; readonly prediction: DigitsPrediction };
  readonly iris: { readonly features: IrisFeatures; readonly prediction: IrisPrediction };
}
