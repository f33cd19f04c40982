export type Access = 'public' | 'member' | 'admin';

/** One named input value of a row; see `docs/data-scientists.md` for each key. */
export interface Feature {
  readonly name: string;
  readonly unit?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly description?: string;
  readonly mean?: number;
  readonly std?: number;
  readonly default?: number | string | boolean;
  /** The input tensor it belongs to, where that is not the one of its name. */
  readonly tensor?: string;
}

/** The pictures that a model takes: decoded, resized, and made into its one input. */
export interface ImageFormat {
  readonly width: number;
  readonly height: number;
  /** 3 (red, green, blue) unless given; 1 is grey. */
  readonly channels?: 1 | 3;
  /** `NCHW` unless given. */
  readonly layout?: 'NCHW' | 'NHWC';
  /** Where the proportions differ, the middle is cut out (`cover`, unless given) or all of it is stretched (`fill`). */
  readonly fit?: 'cover' | 'fill';
  /** Taken off a value from 0 to 1 before it is divided by `std`; one for all channels, or one for each. */
  readonly mean?: number | readonly number[];
  readonly std?: number | readonly number[];
}

/** Which output tensor holds what. */
export interface OutputMapping {
  readonly label?: string;
  readonly probabilities?: string;
  readonly logits?: string;
  readonly value?: string;
  readonly topK?: number;
}

export interface Example {
  readonly input: Readonly<Record<string, unknown>>;
  readonly label?: string;
  readonly value?: number;
  readonly output?: Readonly<Record<string, unknown>>;
  readonly tolerance?: number;
}

export interface VersionEntry {
  readonly sha256?: string;
  readonly trainedAt?: string;
  readonly metrics?: Readonly<Record<string, number>>;
  /** The sha256 of the files in which the model keeps weights, by their paths beside it. */
  readonly files?: Readonly<Record<string, string>>;
  /** It is loaded and can be asked for by its number, and serves by default only when somebody has chosen it. */
  readonly candidate?: boolean;
  /** What this version answers to the model's example, where that is not what `example` says. */
  readonly example?: Omit<Example, 'input'>;
}

/** `models/<name>/model.json`: what a model is. Every key may be left out. */
export interface Manifest {
  readonly $schema?: string;
  readonly description?: string;
  readonly access?: Access;
  /** When it is loaded: at the start unless said otherwise. */
  readonly load?: 'start' | 'first-use';
  readonly features?: readonly Feature[];
  readonly labels?: readonly string[];
  readonly output?: OutputMapping;
  readonly input?: { readonly image: ImageFormat };
  readonly example?: Example;
  readonly batching?:
    | false
    | {
        readonly maxBatchSize?: number;
        readonly maxWaitMs?: number;
        /** Without proof: for a model of which no three different rows can be made. */
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

/** The model's example, with the answer that this version must give. */
export function exampleOf({ example, versions }: Manifest, version: string): Example | undefined {
  return example && { ...example, ...versions?.[version]?.example };
}
