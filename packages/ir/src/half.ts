/** float16 and bfloat16 as bits, rounded to nearest even. */

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

export function fromHalfBits(half: number, dtype: 'f16' | 'bf16'): number {
  if (dtype === 'bf16') {
    bits[0] = half << 16;
    return float[0]!;
  }
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

export function toHalfBits(value: number, dtype: 'f16' | 'bf16'): number {
  float[0] = value;
  const word = bits[0]!;
  return dtype === 'bf16' ? roundToBfloat(word, value) : roundToHalf(word, value);
}

function roundToBfloat(word: number, value: number): number {
  if (Number.isNaN(value)) return 0x7fc0;
  return ((word + 0x7fff + ((word >>> 16) & 1)) >>> 16) & 0xffff;
}

function roundToHalf(word: number, value: number): number {
  const sign = (word >>> 16) & 0x8000;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  if (size < 2 ** -14) return sign | roundToEven(size * 2 ** 24);
  const magnitude = word & 0x7fffffff;
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - (112 << 23)) >>> 13);
}

function roundToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}
