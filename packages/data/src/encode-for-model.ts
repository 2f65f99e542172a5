/** Examples encoded as a model needs them: what lets the Trainer take files. */
import type { EncodingModel } from '@attune/core';
import type { Tokenizer } from '@attune/hub';
import { AttuneError } from '@attune/ir';
import { encodeClassification, encodeMultiLabel, encodeRegression } from './classification.js';
import type { TaggedDataset } from './conll.js';
import type { EncodedDataset, EncodeOptions } from './encode-examples.js';
import { LabelMap } from './label-map.js';
import { encodeMaskedLanguageModeling } from './masked-language-modeling.js';
import { encodeQuestionAnswering } from './question-answering.js';
import type { QuestionDataset } from './questions.js';
import type { TextDataset } from './text-examples.js';
import { encodeTokenClassification } from './token-classification.js';

/** Texts for sequence classification of any kind, or for masked language modelling. @throws AttuneError `E_CONFIG` */
export async function encodeTextsFor(
  texts: TextDataset,
  model: EncodingModel,
  signal?: AbortSignal,
): Promise<EncodedDataset> {
  const { tokenizer, options } = encodingOf(texts.name, model, signal);
  const {
    model: { task },
    labels = [],
    problemType,
  } = model;
  if (task === 'masked-language-modeling') return encodeMaskedLanguageModeling(texts, tokenizer, options);
  if (task !== 'sequence-classification') throw unfit(texts.name, task);
  if (problemType === 'regression') return encodeRegression(texts, tokenizer, options);
  if (problemType === 'multi_label_classification') {
    return encodeMultiLabel(texts, tokenizer, new LabelMap(labels), options);
  }
  return encodeClassification(texts, tokenizer, new LabelMap(labels), options);
}

/** Tagged sentences for token classification. @throws AttuneError `E_CONFIG` */
export async function encodeTaggedFor(
  sentences: TaggedDataset,
  model: EncodingModel,
  signal?: AbortSignal,
): Promise<EncodedDataset> {
  const { tokenizer, options } = encodingOf(sentences.name, model, signal);
  if (model.model.task !== 'token-classification') throw unfit(sentences.name, model.model.task);
  return encodeTokenClassification(sentences, tokenizer, new LabelMap(model.labels ?? []), options);
}

/** Questions with their contexts for question answering. @throws AttuneError `E_CONFIG` */
export async function encodeQuestionsFor(
  questions: QuestionDataset,
  model: EncodingModel,
  signal?: AbortSignal,
): Promise<EncodedDataset> {
  const { tokenizer, options } = encodingOf(questions.name, model, signal);
  if (model.model.task !== 'question-answering') throw unfit(questions.name, model.model.task);
  const { stride = 0 } = model;
  return encodeQuestionAnswering(questions, tokenizer, { ...options, stride });
}

function encodingOf(
  name: string,
  { tokenizer, maxLength }: EncodingModel,
  signal: AbortSignal | undefined,
): { readonly tokenizer: Tokenizer; readonly options: EncodeOptions } {
  if (!tokenizer || maxLength === undefined) {
    throw new AttuneError('E_CONFIG', `${name} cannot be encoded: the model has no tokenizer.`, {
      field: 'model',
      hint: 'Load it by its task, for instance with sequenceClassification, or encode the data yourself.',
    });
  }
  return { tokenizer, options: { maxLength, ...(signal ? { signal } : {}) } };
}

const unfit = (name: string, task: string): AttuneError =>
  new AttuneError('E_CONFIG', `${name} holds nothing that ${task} learns from.`, {
    file: name,
    field: 'task',
    hint: 'Texts serve sequence classification and masked language modelling, tagged sentences token classification.',
  });
