/** Interleaved pixels of 8-bit samples: grey, or red, green and blue. */
export interface Pixels {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
}

/** A part of an image, in pixels from its left upper corner; edges may lie within a pixel. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Of each output pixel along one axis: the input pixels that it is a weighted mean of. */
interface Weights {
  /** The first input pixel of each output pixel. */
  readonly starts: Int32Array;
  /** Where the weights of each output pixel begin in `values`, and after the last one, where they end. */
  readonly offsets: Int32Array;
  /** Fixed-point numbers, with `PRECISION` bits after the point. */
  readonly values: Int32Array;
}

/** 32 bits, less 8 of a sample, less 2 of head-room for the sum. */
const PRECISION = 22;
const HALF = 1 << (PRECISION - 1);

/**
 * Resizes as Pillow does: `Image.resize((width, height), Image.BILINEAR, box)`. The filter is a triangle, two input pixels wide
 * where the image grows and two output pixels wide where it shrinks (antialiasing), cut off at the edges of the image. Each axis has
 * a pass of its own, in fixed-point arithmetic, and samples are rounded between them (Pillow's Resample.c).
 */
export function resample(image: Pixels, box: Box, width: number, height: number): Pixels {
  const columns = weightsOf(image.width, box.left, box.right, width);
  const rows = weightsOf(image.height, box.top, box.bottom, height);
  const first = rows.starts[0]!;
  const end = rows.starts[height - 1]! + rows.offsets[height]! - rows.offsets[height - 1]!;
  // Either order gives the same but for rounding: the cheaper one, so that no shape of an image costs more than it has pixels.
  const horizontalFirst = (end - first) * columns.values.length + width * rows.values.length;
  const verticalFirst = image.width * rows.values.length + height * columns.values.length;
  if (verticalFirst < horizontalFirst) return resampleColumns(resampleRows(image, rows), columns, 0, height);
  const between = resampleColumns(image, columns, first, end);
  return resampleRows(between, { ...rows, starts: rows.starts.map((start) => start - first) });
}

/** @param from where the output begins on this axis of the input, and `to` where it ends */
function weightsOf(inputSize: number, from: number, to: number, size: number): Weights {
  const [start, end] = [Math.fround(from), Math.fround(to)];
  const scale = Math.fround(end - start) / size;
  const support = Math.max(scale, 1);
  const starts = new Int32Array(size);
  const offsets = new Int32Array(size + 1);
  const firstOf = (center: number): number => Math.max(0, Math.trunc(center - support + 0.5));
  const endOf = (center: number): number => Math.min(inputSize, Math.trunc(center + support + 0.5));
  for (let index = 0; index < size; index += 1) {
    const center = start + (index + 0.5) * scale;
    starts[index] = firstOf(center);
    offsets[index + 1] = offsets[index]! + endOf(center) - starts[index]!;
  }
  const values = new Int32Array(offsets[size]!);
  for (let index = 0; index < size; index += 1) {
    const center = start + (index + 0.5) * scale;
    fillWeights(values.subarray(offsets[index], offsets[index + 1]), starts[index]! - center + 0.5, 1 / support);
  }
  return { starts, offsets, values };
}

/** Fills in the weights of one output pixel, whose sum is one. @param distance of the first input pixel from its centre */
function fillWeights(values: Int32Array, distance: number, scale: number): void {
  let sum = 0;
  for (let index = 0; index < values.length; index += 1) sum += triangle((distance + index) * scale);
  for (let index = 0; index < values.length; index += 1) {
    const weight = triangle((distance + index) * scale);
    values[index] = Math.trunc(0.5 + (sum === 0 ? weight : weight / sum) * (1 << PRECISION));
  }
}

function triangle(distance: number): number {
  return Math.max(0, 1 - Math.abs(distance));
}

/** The horizontal pass, of the rows from `first` to before `end`. */
function resampleColumns(image: Pixels, weights: Weights, first: number, end: number): Pixels {
  const { data, channels } = image;
  const width = weights.starts.length;
  const output = new Uint8ClampedArray(width * (end - first) * channels);
  const resampleRow = channels === 1 ? resampleGreyRow : resampleRgbRow;
  for (let y = first; y < end; y += 1) {
    resampleRow(data, y * image.width * channels, output, (y - first) * width * channels, weights);
  }
  return { data: output, width, height: end - first, channels };
}

type Samples = Uint8Array | Uint8ClampedArray;

// `| 0` tells the just-in-time compiler that a sum stays within 32 bits: a quarter of the time.
function resampleGreyRow(
  input: Samples,
  from: number,
  output: Samples,
  to: number,
  { starts, offsets, values }: Weights,
): void {
  for (let x = 0; x < starts.length; x += 1) {
    const end = offsets[x + 1]!;
    let at = (from + starts[x]!) | 0;
    let grey = HALF;
    for (let index = offsets[x]!; index < end; index += 1) {
      grey = (grey + Math.imul(input[at]!, values[index]!)) | 0;
      at = (at + 1) | 0;
    }
    output[to + x] = grey >> PRECISION;
  }
}

function resampleRgbRow(
  input: Samples,
  from: number,
  output: Samples,
  to: number,
  { starts, offsets, values }: Weights,
): void {
  for (let x = 0; x < starts.length; x += 1) {
    const end = offsets[x + 1]!;
    let at = (from + 3 * starts[x]!) | 0;
    let red = HALF;
    let green = HALF;
    let blue = HALF;
    for (let index = offsets[x]!; index < end; index += 1) {
      const weight = values[index]!;
      red = (red + Math.imul(input[at]!, weight)) | 0;
      green = (green + Math.imul(input[at + 1]!, weight)) | 0;
      blue = (blue + Math.imul(input[at + 2]!, weight)) | 0;
      at = (at + 3) | 0;
    }
    const toPixel = to + 3 * x;
    output[toPixel] = red >> PRECISION;
    output[toPixel + 1] = green >> PRECISION;
    output[toPixel + 2] = blue >> PRECISION;
  }
}

/** The vertical pass: the rows of the input are added up, four at a time. */
function resampleRows({ data, width, channels }: Pixels, { starts, offsets, values }: Weights): Pixels {
  const stride = width * channels;
  const height = starts.length;
  const output = new Uint8ClampedArray(stride * height);
  const sums = new Int32Array(stride);
  for (let y = 0; y < height; y += 1) {
    sums.fill(HALF);
    const end = offsets[y + 1]!;
    let index = offsets[y]!;
    let at = starts[y]! * stride;
    for (; index + 4 <= end; index += 4, at += 4 * stride) addFourRows(sums, data, at, values, index);
    for (; index < end; index += 1, at += stride) addRow(sums, data, at, values[index]!);
    for (let x = 0; x < stride; x += 1) output[y * stride + x] = sums[x]! >> PRECISION;
  }
  return { data: output, width, height, channels };
}

function addFourRows(sums: Int32Array, data: Samples, from: number, values: Int32Array, index: number): void {
  const stride = sums.length;
  const [first, second, third, fourth] = [values[index]!, values[index + 1]!, values[index + 2]!, values[index + 3]!];
  for (let x = 0; x < stride; x += 1) {
    const at = (from + x) | 0;
    sums[x] =
      (sums[x]! +
        Math.imul(data[at]!, first) +
        Math.imul(data[at + stride]!, second) +
        Math.imul(data[at + 2 * stride]!, third) +
        Math.imul(data[at + 3 * stride]!, fourth)) |
      0;
  }
}

function addRow(sums: Int32Array, data: Samples, from: number, weight: number): void {
  for (let x = 0; x < sums.length; x += 1) sums[x] = (sums[x]! + Math.imul(data[from + x]!, weight)) | 0;
}
