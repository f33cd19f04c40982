/** The least role that may use a model; `public` needs no login. */
export type Access = 'public' | 'member' | 'admin';

/** One named input of a row. `docs/data-scientists.md` describes the keys. */
export interface Feature {
  readonly name: string;
  readonly unit?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly description?: string;
  readonly mean?: number;
  readonly std?: number;
  readonly default?: number | string | boolean;
  /** Whether the value may be missing: null, an absent key, an empty cell or NaN. */
  readonly nullable?: boolean;
  /** Takes the place of a missing value; NaN for floats and the empty text unless given. */
  readonly missing?: number | string | boolean;
  /** The allowed values. */
  readonly values?: readonly (string | number)[];
  /** The input tensor, if it has another name than the feature. */
  readonly tensor?: string;
}

/** How images are converted to the one input of a model. */
export interface ImageFormat {
  readonly width: number;
  readonly height: number;
  /** 3 (RGB) unless given; 1 is grayscale. */
  readonly channels?: 1 | 3;
  /** `NCHW` unless given. */
  readonly layout?: 'NCHW' | 'NHWC';
  /** For other proportions: `cover`, the default, crops to the centre, and `fill` stretches. */
  readonly fit?: 'cover' | 'fill';
  /** Subtracted from values scaled to 0–1 before the division by `std`; one for all channels, or one for each. */
  readonly mean?: number | readonly number[];
  readonly std?: number | readonly number[];
}

/** The names of the output tensors with these meanings. */
export interface OutputMapping {
  readonly label?: string;
  readonly probabilities?: string;
  readonly logits?: string;
  readonly value?: string;
  /** Names for the values of `value`, where a row has several of them. */
  readonly values?: readonly string[];
  /** Scores of independent labels: logits, or probabilities where the graph ends in a sigmoid. */
  readonly sigmoid?: string;
  /** The least probability of a label that is predicted from `sigmoid`; 0.5 unless given. */
  readonly threshold?: number;
  /** `model`: the label is the model's own decision, and need not be the most probable one. */
  readonly decision?: 'model';
  readonly topK?: number;
}

/** The names of classes: in the model's own order, or by the value of the class. */
export type Labels = readonly string[] | Readonly<Record<string, string>>;

/** An input row and the prediction that is expected for it. */
export interface Example {
  readonly input: Readonly<Record<string, unknown>>;
  readonly label?: string;
  readonly value?: number;
  readonly output?: Readonly<Record<string, unknown>>;
  readonly tolerance?: number;
}

/** The part of the manifest about one version. */
export interface VersionEntry {
  readonly sha256?: string;
  readonly trainedAt?: string;
  readonly metrics?: Readonly<Record<string, number>>;
  /** Hashes of the external weight files, by their paths relative to the model. */
  readonly files?: Readonly<Record<string, string>>;
  /** Loaded and available by its number; becomes the default version only when an administrator chooses it. */
  readonly candidate?: boolean;
  /** Overrides the expected prediction of the model's example for this version or, with an input, the whole example. */
  readonly example?: Partial<Example>;
  /** Override the keys of the same name of the manifest; null takes them away. */
  readonly features?: readonly Feature[] | null;
  readonly labels?: Labels | null;
  readonly output?: OutputMapping | null;
}

/** The content of `models/<name>/model.json`. Every key is optional. */
export interface Manifest {
  readonly $schema?: string;
  readonly description?: string;
  readonly access?: Access;
  /** When the model is loaded; `start` unless given. */
  readonly load?: 'start' | 'first-use';
  readonly features?: readonly Feature[];
  readonly labels?: Labels;
  readonly output?: OutputMapping;
  readonly input?: { readonly image: ImageFormat };
  readonly example?: Example;
  readonly batching?:
    | false
    | {
        readonly maxBatchSize?: number;
        readonly maxWaitMs?: number;
        /** Skips the self-test of batching, for a model whose input rows cannot be varied. */
        readonly force?: boolean;
      };
  readonly cache?: { readonly maxEntries?: number };
  readonly runtime?: {
    readonly threads?: number;
    readonly memoryMb?: number;
    readonly providers?: readonly string[];
  };
  readonly versions?: Readonly<Record<string, VersionEntry>>;
}
