/**
 * How weights can be packed when they are loaded: `nf4` and `int8` pack them; `stored` keeps the blocks of a GGUF file, and
 * int8, as the file has them, and leaves floating weights alone.
 */
export const quantizations = ['nf4', 'int8', 'stored'] as const;

export type Quantization = (typeof quantizations)[number];
