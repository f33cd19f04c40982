/**
 * Half precision (IEEE 754 binary16) as bit patterns: one sign bit, five of exponent, ten of fraction. Node 20 has no
 * `Float16Array`.
 */
const SINGLE = new Float32Array(1);
const SINGLE_BITS = new Uint32Array(SINGLE.buffer);

/** The greatest finite half. */
export const MAX_HALF = 65_504;

/** The bits of the nearest half, ties to even; infinity beyond `MAX_HALF`. */
export function toHalf(value: number): number {
  SINGLE[0] = value;
  const bits = SINGLE_BITS[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fff_ffff;
  if (magnitude > 0x7f80_0000) return sign | 0x7e00;
  // From 65,520 on, rounding gives infinity.
  if (magnitude >= 0x477f_f000) return sign | 0x7c00;
  // Below 2^-14 halves are subnormal: whole multiples of 2^-24.
  if (magnitude < 0x3880_0000) return sign | roundToEven(Math.abs(value) * 2 ** 24);
  const rebased = magnitude - 0x3800_0000;
  return sign | ((rebased + 0x0fff + ((rebased >>> 13) & 1)) >>> 13);
}

/** The number with these bits. */
export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}
