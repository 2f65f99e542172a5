/** Examples encoded as a model needs them, and looked at before: what lets the Trainer take files. */
import type { EncodingModel } from '@attune/core';
import type { Tokenizer } from '@attune/hub';
import { AttuneError } from '@attune/ir';
import { encodeLabelled } from './classification.js';
import type { TaggedDataset } from './conll.js';
import type { EncodedDataset, EncodeOptions } from './encode-examples.js';
import { LabelMap } from './label-map.js';
import { encodeQuestionAnswering } from './question-answering.js';
import type { QuestionDataset } from './questions.js';
import type { TextDataset } from './text-examples.js';
import { classLabels, labelTexts, severalLabels, type TextLabels } from './text-labels.js';
import { encodeTokenClassification, labelSentences } from './token-classification.js';

/** How encoding is watched and ended. */
export type EncodingWatch = Pick<EncodeOptions, 'signal' | 'onProgress'>;

/** Texts for sequence classification of any kind, or for masked language modelling. @throws AttuneError `E_CONFIG` */
export async function encodeTextsFor(
  texts: TextDataset,
  model: EncodingModel,
  watch: EncodingWatch = {},
): Promise<EncodedDataset> {
  const { tokenizer, options } = encodingOf(texts.name, model, watch);
  const labels = await textLabelsOf(texts, model);
  if (labels) return encodeLabelled(texts, tokenizer, labels, options);
  if (model.model.task.name === 'causal-language-modeling') {
    const { encodeCausalLanguageModeling } = await import('./causal-language-modeling.js');
    return encodeCausalLanguageModeling(texts, tokenizer, options);
  }
  const { encodeMaskedLanguageModeling } = await import('./masked-language-modeling.js');
  return encodeMaskedLanguageModeling(texts, tokenizer, options);
}

/** What `encodeTextsFor` would refuse before it tokenizes. @throws AttuneError `E_CONFIG`, `E_DATA_LABELS` */
export async function checkTextsFor(texts: TextDataset, model: EncodingModel): Promise<void> {
  const labels = await textLabelsOf(texts, model);
  if (labels) await labelTexts(texts, labels);
  else await texts.skipped();
}

/** Tagged sentences for token classification. @throws AttuneError `E_CONFIG` */
export async function encodeTaggedFor(
  sentences: TaggedDataset,
  model: EncodingModel,
  watch: EncodingWatch = {},
): Promise<EncodedDataset> {
  const { tokenizer, options } = encodingOf(sentences.name, model, watch);
  return encodeTokenClassification(sentences, tokenizer, tagsOf(sentences.name, model), options);
}

/** What `encodeTaggedFor` would refuse before it tokenizes. @throws AttuneError `E_CONFIG`, `E_DATA_LABELS` */
export async function checkTaggedFor(sentences: TaggedDataset, model: EncodingModel): Promise<void> {
  await labelSentences(sentences, tagsOf(sentences.name, model));
}

/** Questions with their contexts for question answering. @throws AttuneError `E_CONFIG` */
export async function encodeQuestionsFor(
  questions: QuestionDataset,
  model: EncodingModel,
  watch: EncodingWatch = {},
): Promise<EncodedDataset> {
  const { tokenizer, options } = encodingOf(questions.name, model, watch);
  requireTask(questions.name, model, 'question-answering');
  const { stride = 0 } = model;
  return encodeQuestionAnswering(questions, tokenizer, { ...options, stride });
}

/** What `encodeQuestionsFor` would refuse before it tokenizes. @throws AttuneError `E_CONFIG`, and as reading them */
export async function checkQuestionsFor(questions: QuestionDataset, model: EncodingModel): Promise<void> {
  requireTask(questions.name, model, 'question-answering');
  await questions.skipped();
}

/** Tasks that make their labels of the texts. */
const learnsFromTexts: readonly string[] = ['masked-language-modeling', 'causal-language-modeling'];

/** Nothing for language modelling, which makes its labels of the texts. @throws AttuneError `E_CONFIG`, `E_DATA_LABELS` */
async function textLabelsOf(texts: TextDataset, model: EncodingModel): Promise<TextLabels | undefined> {
  if (learnsFromTexts.includes(model.model.task.name)) return undefined;
  requireTask(texts.name, model, 'sequence-classification');
  const { labels = [], problemType } = model;
  if (problemType === 'regression') return (await import('./number-labels.js')).numberLabels(texts, labels);
  const classes = new LabelMap(labels);
  return problemType === 'multi_label_classification' ? severalLabels(classes) : classLabels(classes);
}

function tagsOf(name: string, model: EncodingModel): LabelMap {
  requireTask(name, model, 'token-classification');
  return new LabelMap(model.labels ?? []);
}

function encodingOf(
  name: string,
  { tokenizer, maxLength }: EncodingModel,
  watch: EncodingWatch,
): { readonly tokenizer: Tokenizer; readonly options: EncodeOptions } {
  if (!tokenizer || maxLength === undefined) {
    throw new AttuneError('E_CONFIG', `${name} cannot be encoded: the model has no tokenizer.`, {
      field: 'model',
      hint: 'Load it by its task, for instance with sequenceClassification, or encode the data yourself.',
    });
  }
  return { tokenizer, options: { ...watch, maxLength } };
}

/** @throws AttuneError `E_CONFIG` for a model of another task */
function requireTask(
  name: string,
  {
    model: {
      task: { name: task },
    },
  }: EncodingModel,
  needed: string,
): void {
  if (task === needed) return;
  throw new AttuneError('E_CONFIG', `${name} holds nothing that ${task} learns from.`, {
    file: name,
    field: 'task',
    hint: 'Texts serve sequence classification and masked language modelling, tagged sentences token classification.',
  });
}
