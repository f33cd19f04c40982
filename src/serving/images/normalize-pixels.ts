import type { ImageInput } from './image-input.js';
import type { Pixels } from './resample.js';

/** Converts pixels to the values of the model's input, in its layout. @param into memory for the values, of their size */
export function normalizePixels(
  data: Pixels['data'],
  { layout, tables }: ImageInput,
  into = new ArrayBuffer(data.length * Float32Array.BYTES_PER_ELEMENT),
): Float32Array {
  const values = new Float32Array(into);
  const channels = tables.length;
  const [step, stride] = layout === 'NCHW' ? [1, data.length / channels] : [channels, 1];
  for (const [channel, table] of tables.entries()) {
    let to = channel * stride;
    for (let from = channel; from < data.length; from += channels) {
      values[to] = table[data[from]!]!;
      to += step;
    }
  }
  return values;
}
