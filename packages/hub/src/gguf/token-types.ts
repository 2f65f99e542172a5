/** What a token of a GGUF file is, as llama.cpp counts them. */
export const tokenTypes = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;
