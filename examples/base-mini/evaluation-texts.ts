/** The texts that the base is measured on, and that it must not have seen. */
import { conll, csv } from '@attune/data';

/** The test parts, and the development part of SST-2, whose sentences are in other collections too. */
export async function evaluationTexts(data: string): Promise<readonly string[]> {
  const plain = { header: false };
  const files = [
    csv(`${data}/sst2/dev.tsv`, { text: '1' }, plain),
    csv(`${data}/sst2/test.tsv`, { text: '1' }, plain),
    csv(`${data}/banking77/test.csv`, { text: 'text' }),
  ];
  const texts = (await Promise.all(files.map((file) => file.toArray()))).flat().map(({ text }) => text);
  const tagged = await Promise.all(['dev', 'test'].map((part) => conll(`${data}/wnut17/${part}.conll`).toArray()));
  return [...texts, ...tagged.flat().map(({ tokens }) => tokens.join(' '))];
}
