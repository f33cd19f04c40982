import { resample } from '../../../src/serving/images/resample.js';

const WHOLE = { left: 0, top: 0 };

describe('resample', () => {
  it('weighs the pixels around by their distance where an image grows', () => {
    const image = { data: Uint8Array.of(0, 100), width: 2, height: 1, channels: 1 } as const;
    // The middles of the four pixels are at -0.25, 0.25, 0.75 and 1.25 of the middles of the two.
    expect([...resample(image, { ...WHOLE, right: 2, bottom: 1 }, 4, 1).data]).toEqual([0, 25, 75, 100]);
  });

  it('takes the mean of more pixels where it shrinks', () => {
    const data = Uint8Array.of(0, 0, 0, 255, 0, 0, 0, 0);
    const image = { data, width: 8, height: 1, channels: 1 } as const;
    expect([...resample(image, { ...WHOLE, right: 8, bottom: 1 }, 2, 1).data]).toEqual([46, 27]);
  });

  it('reads beyond the edges of the box, and not beyond those of the image', () => {
    const image = { data: Uint8Array.of(0, 100, 200, 40), width: 4, height: 1, channels: 1 } as const;
    expect([...resample(image, { left: 1, top: 0, right: 3, bottom: 1 }, 4, 1).data]).toEqual([75, 125, 175, 160]);
  });

  it.each([
    ['a column', 1, 4_000_000, 2_000, 2],
    ['a row', 4_000_000, 1, 2, 2_000],
  ])('makes no image of billions of pixels in between, of %s', (_, width, height, toWidth, toHeight) => {
    const data = new Uint8Array(width * height).fill(7);
    const box = { ...WHOLE, right: width, bottom: height };
    const { data: values } = resample({ data, width, height, channels: 1 }, box, toWidth, toHeight);
    expect([values.length, ...new Set(values)]).toEqual([toWidth * toHeight, 7]);
  });
});
