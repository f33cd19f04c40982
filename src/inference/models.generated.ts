// Written by `npm run model -- types` from models/: what each model takes and answers. Do not edit; run it again.

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

/** What iris answers to a row. */
export interface IrisPrediction {
  readonly label: 'setosa' | 'versicolor' | 'virginica';
  readonly index: number;
  readonly probabilities: Readonly<Record<'setosa' | 'versicolor' | 'virginica', number>>;
}

/** Every model, by name. */
export interface ModelTypes {
  readonly iris: { readonly features: IrisFeatures; readonly prediction: IrisPrediction };
}
