/** The texts of pre-training. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { overlapWith } from '@attune/data';
import { evaluationTexts } from './evaluation-texts.js';

export interface Corpus {
  readonly passages: readonly string[];
  /** Passages that were left out because they share text with an evaluation. */
  readonly leftOut: number;
}

/** Passages of the corpus and paragraphs of WikiText-2, without those that share text with an evaluation. */
export async function readCorpus(data: string, take = Number.POSITIVE_INFINITY): Promise<Corpus> {
  const passages = gunzipSync(readFileSync(`${data}/corpus/passages.txt.gz`))
    .toString('utf8')
    .split('\n');
  const wiki = ['valid', 'test'].flatMap((part) =>
    readFileSync(`${data}/wikitext2/${part}.txt`, 'utf8').split('\n').map(cleanWiki),
  );
  const texts = [...passages.slice(0, take), ...wiki.slice(0, take)].map((text) => text.trim());
  const isReserved = overlapWith(await evaluationTexts(data));
  const usable = texts.filter((text) => text.length >= 20 && !/^= .* =$/.test(text));
  const kept = usable.filter((text) => !isReserved(text));
  return { passages: kept, leftOut: usable.length - kept.length };
}

/** WikiText writes `@-@` for a hyphen, and `<unk>` for a rare word. */
const cleanWiki = (line: string): string => line.replace(/ @([-,.])@ /g, '$1').replaceAll('<unk>', '');

/** The sentences of a passage that has several, each with four words or more. */
export function sentencesOf(passage: string): readonly string[] {
  const segments = [...new Intl.Segmenter('en', { granularity: 'sentence' }).segment(passage)];
  if (segments.length < 2) return [];
  return segments.map(({ segment }) => segment.trim()).filter((sentence) => sentence.split(/\s+/).length >= 4);
}
