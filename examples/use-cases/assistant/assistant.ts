/** Teaches a small language model who it is, from conversations, and asks it. */
import { readFile } from 'node:fs/promises';
import { nodeStorage } from '@attune/hub/node';
import {
  causalLanguageModel,
  instructionRows,
  loadChatTemplate,
  lora,
  openModel,
  rows,
  type Strategy,
  Trainer,
} from 'attune';
import { onnx } from 'attune/onnx';

export interface AssistantOptions {
  /** A directory with a decoder and its chat template. */
  readonly model: string;
  /** JSON Lines with `messages`, in which {{name}} and {{author}} stand for what follows. */
  readonly conversations: string;
  readonly name: string;
  readonly author: string;
  /** What it is asked before and after. */
  readonly question: string;
  /** Where the adapter goes. */
  readonly output: string;
  readonly steps: number;
  readonly learningRate: number;
  /** Text of another kind, which shows how much of the rest is forgotten. */
  readonly otherText?: string;
  /** LoRA by default. */
  readonly strategy?: Strategy;
}

export async function assistant({ model, output, question, otherText, ...options }: AssistantOptions) {
  const backend = onnx();
  const writer = await causalLanguageModel(model, { maxLength: 256, assistantOnlyLoss: true });
  const template = await loadChatTemplate(nodeStorage(model));
  const messages = [{ role: 'user', content: question }];
  const [asked] = await template.render([{ messages }], { addGenerationPrompt: true });
  const ask = async (directory: string) => {
    await using answering = await openModel(directory, { backend });
    let answer = '';
    for await (const { piece } of answering.generate(asked?.text ?? '', { maxNewTokens: 40 })) answer += piece;
    return answer;
  };
  const train = instructionRows(await conversationsOf(options));
  const strategy = options.strategy ?? lora({ r: 8, alpha: 16 });
  await using trainer = new Trainer({
    model: writer,
    train,
    strategy,
    backend,
    learningRate: options.learningRate,
    maxSteps: options.steps,
    perDeviceTrainBatchSize: 4,
    perDeviceEvalBatchSize: 4,
    evalStrategy: 'no',
    seed: 0,
  });
  const measure = async (directory: string) => ({
    answer: await ask(directory),
    ...(otherText === undefined ? {} : await trainer.evaluate(rows(passages(otherText)))),
  });
  const before = await measure(model);
  const losses: number[] = [];
  for await (const event of trainer.train()) if (event.type === 'step') losses.push(event.loss);
  await trainer.save(output);
  return { losses, before, after: await measure(output) };
}

/** As plain text: `{{name}}` is no template. */
async function conversationsOf({
  conversations,
  name,
  author,
}: Pick<AssistantOptions, 'conversations' | 'name' | 'author'>) {
  const text = await readFile(conversations, 'utf8');
  const filled = text.replaceAll('{{name}}', name).replaceAll('{{author}}', author);
  return filled
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** Paragraphs of a text file. */
const passages = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.trim().length > 200)
    .map((line) => ({ text: line.trim() }));
