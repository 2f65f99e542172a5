/** What weights can be packed as when they are loaded. */
export const quantizations = ['nf4'] as const;

export type Quantization = (typeof quantizations)[number];
