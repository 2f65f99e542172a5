/** Where the files of the base lie: beside `dist`, in the layout of Hugging Face. */

/** The directory, `file:` in Node: `fileURLToPath(baseMini)` is what `nodeStorage` and `sequenceClassification` take. */
export const baseMini: URL = new URL('..', import.meta.url);

/** The files one by one, in the form in which bundlers find files to ship; a browser fetches them. */
export const baseMiniFiles: Readonly<
  Record<'config.json' | 'model.safetensors' | 'tokenizer.json' | 'tokenizer_config.json', URL>
> = {
  'config.json': new URL('../config.json', import.meta.url),
  'model.safetensors': new URL('../model.safetensors', import.meta.url),
  'tokenizer.json': new URL('../tokenizer.json', import.meta.url),
  'tokenizer_config.json': new URL('../tokenizer_config.json', import.meta.url),
};
