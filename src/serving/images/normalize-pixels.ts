import type { ImageInput } from './image-input.js';
import type { Pixels } from './resample.js';

/** Converts pixels to the values of the model's input, in its layout. */
export function normalizePixels(data: Pixels['data'], { layout, tables }: ImageInput): Float32Array {
  const values = new Float32Array(data.length);
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
