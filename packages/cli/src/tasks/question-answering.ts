import { type ByteSource, type QuestionDataset, type QuestionExample, questionsJsonl } from '@attune/data';
import { AttuneError } from '@attune/ir';
import { type Answer, type Question, type QuestionAnswerer, taskModel } from '@attune/models';
import { questionAnsweringTask as task } from '@attune/tasks';
import type { TaskDefinition } from './task-definition.js';
import type { TaskSettings } from './task-settings.js';
import { requireText } from './text-inputs.js';

export const questionAnsweringTask: TaskDefinition<
  QuestionExample,
  QuestionDataset,
  Question,
  Answer,
  QuestionAnswerer
> = {
  task: 'question-answering',
  maxLength: 384,
  open: (file, settings) => openQuestions(file, settings, true),
  async loadOptions(_, { labelSmoothing = 0 }) {
    if (labelSmoothing === 0) return {};
    throw new AttuneError('E_CONFIG', 'labelSmoothing is no option of question-answering.', {
      field: 'labelSmoothing',
      hint: 'Leave --label-smoothing out.',
    });
  },
  assemble: (loaded, { docStride: stride, maxAnswerLength, handleImpossibleAnswer }, maxLength) =>
    taskModel(loaded, task, { maxLength, stride, maxAnswerLength, handleImpossibleAnswer }),
  keyOf: ({ question, context }) => `${question}\u0000${context}`,
  async inputs(settings) {
    const { question, context, data, piped } = settings;
    const file = piped ?? data;
    if (file !== undefined && question === undefined && context === undefined) {
      const questions = openQuestions(file, settings, false);
      const asked = (await questions.toArray()).map((input) => ({ input, row: input.row }));
      return { asked, skipped: await questions.skipped() };
    }
    if (file !== undefined || question === undefined || context === undefined) {
      const field = question === undefined ? 'question' : 'context';
      throw new AttuneError('E_CONFIG', 'predict needs either --question and --context or --data.', { field });
    }
    const input = { question: requireText(question, 'question'), context: requireText(context, 'context') };
    return { asked: [{ input }], skipped: [] };
  },
  show({ question }, answer) {
    const { text, start, end, score } = answer;
    const found = text === '' ? 'no answer' : `"${text}" [${start}, ${end})`;
    return { json: { question, answer: text, start, end, score }, text: `${question}\n  ${found} ${score.toFixed(4)}` };
  },
};

/** @throws AttuneError `E_CONFIG` for a file that is not of JSON Lines */
function openQuestions(file: string | ByteSource, settings: TaskSettings, labelled: boolean): QuestionDataset {
  const { questionColumn: question, contextColumn: context, answersColumn: answers = 'answers', onBadRow } = settings;
  if (typeof file === 'string' && !/\.(jsonl|ndjson)$/i.test(file)) {
    throw new AttuneError('E_CONFIG', `${file} is no file of JSON Lines, which question-answering needs.`, {
      file,
      hint: 'Write one object a line with question, context and answers, and end the name in .jsonl.',
    });
  }
  return questionsJsonl(
    file,
    {
      ...(question === undefined ? {} : { question }),
      ...(context === undefined ? {} : { context }),
      answers: labelled && answers,
    },
    { onBadRow },
  );
}
