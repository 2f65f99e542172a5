/**
 * Functions that WGSL lacks or does not promise enough of. Its own `tanh`, `sin`, `cos` and `pow` may be off by far more
 * than float32 allows, and compilers may take for granted that no number is infinite or NaN.
 */

interface LibraryFunction {
  readonly code: string;
  readonly uses?: readonly string[];
}

/** Bits in a variable, so that compilers do not fold them into a constant that WGSL forbids. */
const fromBits = (name: string, bits: string): LibraryFunction => ({
  code: `var<private> ${name}_bits: u32 = ${bits};

fn ${name}() -> f32 {
  return bitcast<f32>(${name}_bits);
}`,
});

/** sin and cos share the reduction to [-pi/4, pi/4] by three parts of pi/2 (Cody and Waite), then Cephes' polynomials. */
const circular = (name: 'sin' | 'cos', shift: string): LibraryFunction => ({
  code: `fn ${name}_f32(x: f32) -> f32 {
  let turns = round(x * 0.63661975f);
  let y = ((x - turns * 1.5703125f) - turns * 4.8375129700e-4f) - turns * 7.5497899549e-8f;
  let z = y * y;
  let odd = ((-1.9515296e-4f * z + 8.3321609e-3f) * z - 1.6666655e-1f) * z * y + y;
  let even = ((2.4433157e-5f * z - 1.3887316e-3f) * z + 4.1666646e-2f) * z * z - 0.5f * z + 1.0f;
  let quadrant = u32(i32(turns)${shift});
  let size = select(odd, even, (quadrant & 1u) == 1u);
  return select(size, -size, (quadrant & 2u) == 2u);
}`,
});

const library: Readonly<Record<string, LibraryFunction>> = {
  not_a_number: fromBits('not_a_number', '0x7fc00000u'),
  infinity: fromBits('infinity', '0x7f800000u'),
  is_finite: {
    code: `fn is_finite(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u;
}`,
  },
  // Rational approximation of Eigen and XLA.
  erf: {
    code: `fn erf(x: f32) -> f32 {
  let y = clamp(x, -4.0f, 4.0f);
  let z = y * y;
  let above = ((((((-2.72614225801306e-10f * z + 2.77068142495902e-8f) * z - 2.10102402082508e-6f) * z
    - 5.69250639462346e-5f) * z - 7.34990630326855e-4f) * z - 2.95459980854025e-3f) * z - 1.60960333262415e-2f);
  let below = (((-1.45660718464996e-5f * z - 2.13374055278905e-4f) * z - 1.68282697438203e-3f) * z
    - 7.37332916720468e-3f) * z - 1.42647390514189e-2f;
  return y * above / below;
}`,
  },
  // Rational approximation of Eigen and XLA. Beyond 1 by how much 1 exceeds the result, which division on a GPU keeps.
  tanh_f32: {
    code: `fn tanh_f32(x: f32) -> f32 {
  let size = abs(x);
  if (size > 1.0f) {
    return sign(x) * (1.0f - 2.0f / (exp(2.0f * min(size, 10.0f)) + 1.0f));
  }
  let z = x * x;
  let above = (((((-2.76076847742355e-16f * z + 2.00018790482477e-13f) * z - 8.60467152213735e-11f) * z
    + 5.12229709037114e-8f) * z + 1.48572235717979e-5f) * z + 6.37261928875436e-4f) * z + 4.89352455891786e-3f;
  let below = ((1.19825839466702e-6f * z + 1.18534705686654e-4f) * z + 2.26843463243900e-3f) * z + 4.89352518554385e-3f;
  return x * above / below;
}`,
  },
  logistic: {
    code: `fn logistic(x: f32) -> f32 {
  let y = exp(-abs(x));
  return select(y, 1.0f, x >= 0.0f) / (1.0f + y);
}`,
  },
  sin_f32: circular('sin', ''),
  cos_f32: circular('cos', ' + 1'),
  // WGSL's pow knows no negative base.
  pow_f32: {
    code: `fn pow_f32(base: f32, exponent: f32) -> f32 {
  if (exponent == 0.0f) {
    return 1.0f;
  }
  let size = pow(abs(base), exponent);
  if (base >= 0.0f) {
    return size;
  }
  if (floor(exponent) != exponent) {
    return not_a_number();
  }
  return select(size, -size, exponent - 2.0f * floor(exponent * 0.5f) == 1.0f);
}`,
    uses: ['not_a_number'],
  },
  // The steps of ir's mixWord.
  mix_word: {
    code: `fn mix_word(word: u32) -> u32 {
  var x = word;
  x = (x ^ (x >> 16u)) * 0x7feb352du;
  x = (x ^ (x >> 15u)) * 0x846ca68bu;
  return x ^ (x >> 16u);
}`,
  },
  // The primitive random_bits.
  random_word: {
    code: `fn random_word(index: u32, key0: u32, key1: u32) -> u32 {
  return mix_word(mix_word(index ^ key0) ^ key1);
}`,
    uses: ['mix_word'],
  },
  // pack2x16float leaves the rounding to the device.
  half_bits: {
    code: `fn half_bits(x: f32) -> u32 {
  let word = bitcast<u32>(x);
  let sign = (word >> 16u) & 0x8000u;
  let magnitude = word & 0x7fffffffu;
  if (magnitude > 0x7f800000u) {
    return 0x7e00u;
  }
  if (magnitude >= 0x477ff000u) {
    return sign | 0x7c00u;
  }
  if (magnitude < 0x38800000u) {
    return sign | (bitcast<u32>(bitcast<f32>(magnitude) + 0.5f) - 0x3f000000u);
  }
  return sign | ((magnitude + 0xfffu + ((magnitude >> 13u) & 1u) - 0x38000000u) >> 13u);
}`,
  },
  half_number: {
    code: `fn half_number(bits: u32) -> f32 {
  return unpack2x16float(bits).x;
}`,
  },
  half_numbers: {
    code: `fn half_numbers(words: vec2u) -> vec4f {
  return vec4f(unpack2x16float(words.x), unpack2x16float(words.y));
}`,
  },
  // A conversion of f32 to f16 leaves the rounding to the device, unless there is nothing to round.
  half: {
    code: `fn half(x: f32) -> f16 {
  return f16(half_number(half_bits(x)));
}`,
    uses: ['half_bits', 'half_number'],
  },
  brain_numbers: {
    code: `fn brain_numbers(words: vec2u) -> vec4f {
  let bits = vec4u(words.x << 16u, words.x & 0xffff0000u, words.y << 16u, words.y & 0xffff0000u);
  return bitcast<vec4f>(bits);
}`,
  },
  brain_bits: {
    code: `fn brain_bits(x: f32) -> u32 {
  let word = bitcast<u32>(x);
  return select((word + 0x7fffu + ((word >> 16u) & 1u)) >> 16u, 0x7fc0u, (word & 0x7fffffffu) > 0x7f800000u);
}`,
  },
};

/** The functions that code calls, with those that they use, in the order of the library. */
export function libraryFor(code: string): string {
  const called = new Set(Object.keys(library).filter((name) => new RegExp(`\\b${name}\\(`).test(code)));
  for (const name of called) for (const used of library[name]?.uses ?? []) called.add(used);
  return Object.entries(library)
    .filter(([name]) => called.has(name))
    .map(([, { code: definition }]) => definition)
    .join('\n\n');
}
