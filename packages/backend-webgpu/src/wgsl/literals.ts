import type { DType } from '@attune/ir';

/** A number as WGSL. Infinities and NaN, which WGSL has no literals for, are calls of the library. */
export function literal(number: number, dtype: DType): string {
  switch (dtype) {
    case 'f32':
    case 'f16':
    case 'bf16':
      return floatLiteral(Math.fround(number));
    case 'i32':
      // The literal of the smallest number would be the negative of one that is too large.
      return number === -(2 ** 31) ? 'i32(-2147483647 - 1)' : `${number}i`;
    case 'u32':
    case 'u8':
      return `${number}u`;
    case 'bool':
      return number === 0 ? 'false' : 'true';
  }
}

function floatLiteral(number: number): string {
  if (Number.isNaN(number)) return 'not_a_number()';
  if (!Number.isFinite(number)) return number > 0 ? 'infinity()' : '-infinity()';
  return Object.is(number, -0) ? '-0.0f' : `${shortest(number)}f`;
}

/** WGSL rejects what is larger, even if it rounds to this. */
const LARGEST = 3.4028234663852886e38;

/** The fewest decimals that give this float32. */
function shortest(number: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const rounded = Number(number.toPrecision(digits));
    if (Math.fround(rounded) === number && Math.abs(rounded) <= LARGEST) return String(rounded);
  }
  return String(number);
}
