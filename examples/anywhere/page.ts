/** The script in a page of a browser. */
import { MemoryStorage, writeFile } from '@attune/hub';
import type { TrainingOutput } from './place-output.js';
import { placeOf } from './places.js';
import { type TrainingInput, train } from './training.js';

/** What goes from Node to the page: the input without the model, whose files the page fetches. */
export type PageInput = Omit<TrainingInput, 'model'> & { readonly place: string };

const files = ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json', 'vocab.txt'];

export default async function runPlace({ place, ...input }: PageInput): Promise<TrainingOutput> {
  const model = new MemoryStorage('the page');
  for (const file of files) {
    const response = await fetch(file);
    await writeFile(model, file, new Uint8Array(await response.arrayBuffer()));
  }
  return train({ ...input, model }, placeOf(place).backend());
}
