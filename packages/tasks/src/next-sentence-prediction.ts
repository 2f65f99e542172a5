/** Whether one text follows another: the second half of BERT's pre-training. */
import {
  sequenceClassificationObjective as classification,
  classificationEvaluator,
  type ExampleSource,
  linear,
} from '@attune/core';
import { softmaxOf } from '@attune/core/internal';
import { isTexts, LabelMap, TextDataset, type TextExample, textFile } from '@attune/data';
import { classLabels, encodeLabelled } from '@attune/data/internal';
import { AttuneError } from '@attune/ir';
import { answersByLogits } from './answers-by-logits.js';
import { textsAsked } from './asked.js';
import { encoderScope } from './encoder.js';
import { keyOfTexts, learnedExamples } from './learned-examples.js';
import { type SettingsOf, sharedOptions } from './options.js';
import { hiddenStates } from './outputs.js';
import { openPlainTexts, type TaskSettings, tableOptions } from './settings.js';
import { percentage } from './shown-answer.js';
import type { TrainedTask } from './task.js';

/** A text, and the one that may follow it. */
export interface TextPair {
  readonly text: string;
  readonly textPair: string;
}

/** Probability from 0 to 1 that the second text follows the first. */
export interface Continuation {
  readonly score: number;
}

const options = { textPairColumn: sharedOptions.textPairColumn } as const;

type Settings = TaskSettings & SettingsOf<typeof options>;

/** The outputs in their order, which is transformers'. */
const labels = ['next', 'other'] as const;

/** `logits` [batch, 2]; answers with the probability of the first. */
export const nextSentencePredictionTask: TrainedTask<Continuation, TextPair, object, 'next-sentence-prediction'> = {
  name: 'next-sentence-prediction',
  defaultLength: 128,
  classSuffix: 'ForNextSentencePrediction',
  peftTaskType: null,
  labelModules: [],
  hasProblemType: false,
  headOn(encoder) {
    // Transformers has the class for BERT alone: other families have no second segment, or learn another order.
    if (encoder.modelType !== 'bert') return undefined;
    return {
      prefixes: [...encoder.textStatePrefixes, 'cls.seq_relationship.'],
      modules: ['cls'],
      keeps: ['textState'],
      forward(scope, inputs, headOptions) {
        const { initializer } = encoder;
        const states = encoder.states(encoderScope(scope, encoder), inputs);
        const state = encoder.textState(encoderScope(scope, encoder), states.last, inputs);
        return {
          logits: linear(scope.child('cls'), 'seq_relationship', state, labels.length, { initializer }),
          ...hiddenStates(states, headOptions),
        };
      },
    };
  },
  use: ({ tokenizer, maxLength }) => ({
    objective: classification({ classes: labels.length }),
    evaluator: () => classificationEvaluator(labels),
    async check(examples) {
      await pairsOf(textsOf(examples));
    },
    async encode(examples, watch) {
      const pairs = await pairsOf(textsOf(examples));
      return encodeLabelled(pairs, tokenizer, classLabels(new LabelMap(labels)), { ...watch, maxLength });
    },
    text: answersByLogits(tokenizer, maxLength, (logits) => ({ score: softmaxOf(logits)[0]! })),
  }),
  aliases: ['nsp', 'next-sentence'],
  options,
  files: {
    open: openTexts,
    keyOf: keyOfTexts,
  },
  asking: {
    command: 'predict',
    example: '--data pairs.csv --text-pair-column next',
    predict: {
      async inputs(settings: Settings) {
        const { asked, skipped } = await textsAsked(settings, (file) => openTexts(file, settings), pairOf);
        return {
          asked: asked.map(({ input, ...place }) => {
            if (typeof input !== 'string') return { ...place, input };
            throw needsPair();
          }),
          skipped,
        };
      },
      show: ({ text, textPair }, { score }) => ({
        json: { text, textPair, score },
        text: `${text}\n  ${percentage(score)} ${textPair}`,
      }),
    },
  },
};

const textsOf = (examples: ExampleSource): TextDataset =>
  learnedExamples(examples, isTexts, {
    task: nextSentencePredictionTask.name,
    needed: 'texts in their order, such as those of textLines(), or pairs, such as those of csv() and rows()',
  });

/**
 * Each pair as it stands, and its first text with the second one of another pair: half of the rows are labelled `next`, as
 * in BERT's data (Devlin et al. 2018, section 3.1). Texts without a second one are followed by the text after them. BERT
 * draws anew for each copy of the data; here the other pair is fixed, so that evaluation sees the same rows every time.
 * @throws AttuneError `E_DATA_EMPTY` for fewer than two pairs
 */
async function pairsOf(texts: TextDataset): Promise<TextDataset> {
  const examples = await texts.toArray();
  const pairs = examples.flatMap((example, index) => {
    const textPair = example.textPair ?? examples[index + 1]?.text;
    return textPair === undefined ? [] : [{ ...example, textPair }];
  });
  if (pairs.length < 2) {
    throw new AttuneError('E_DATA_EMPTY', `${texts.name} has ${pairs.length} pairs of texts; 2 or more are needed.`, {
      file: texts.name,
      hint: 'Give a text a line in their order, or a table with --text-column and --text-pair-column.',
    });
  }
  // Far from the pair itself, since texts close by may be about the same.
  const distance = Math.ceil(pairs.length / 2);
  const labelled = pairs.flatMap((pair, index) => [
    { ...pair, label: labels[0] },
    { ...pair, textPair: pairs[(index + distance) % pairs.length]!.textPair, label: labels[1] },
  ]);
  const skipped = await texts.skipped();
  return new TextDataset(texts.name, async () => ({ examples: labelled, skipped, onBadRow: 'error' }));
}

function openTexts(file: string, settings: Settings): TextDataset {
  const { textColumn, textPairColumn } = settings;
  if (textPairColumn === undefined) return openPlainTexts(file, settings);
  return textFile(file, { text: textColumn, textPair: textPairColumn }, tableOptions(settings));
}

/** @throws AttuneError `E_CONFIG` for a text alone */
function pairOf({ text, textPair }: TextExample): TextPair {
  if (textPair === undefined) throw needsPair();
  return { text, textPair };
}

const needsPair = (): AttuneError =>
  new AttuneError('E_CONFIG', 'A text alone cannot be judged; the text that may follow it is needed.', {
    field: 'textPairColumn',
    hint: 'Give --data FILE with --text-column and --text-pair-column.',
  });
