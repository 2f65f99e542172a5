/** A small Llama that learns a handful of texts from nothing, and writes on from a prompt. */
import { fileURLToPath } from 'node:url';
import { onnx } from '@attune/backend-onnx';
import { baseMini } from '@attune/base-mini';
import { Learner, Trainer } from '@attune/core';
import { rows } from '@attune/data';
import { loadTokenizer } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { causalLanguageModel, createModel, streamText } from '@attune/models';
import { full } from '@attune/strategies';

export interface WriterOptions {
  readonly texts: readonly string[];
  readonly prompt: string;
  /** Where the model goes; `attune generate --model` takes it too. */
  readonly output: string;
  readonly epochs: number;
}

/** What the model writes after the prompt, piece by piece. */
export async function* write({ texts, prompt, output, epochs }: WriterOptions): AsyncGenerator<string> {
  const files = nodeStorage(fileURLToPath(baseMini));
  const tokenizer = await loadTokenizer(files);
  const config = {
    model_type: 'llama',
    vocab_size: tokenizer.vocabularySize,
    hidden_size: 64,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    intermediate_size: 128,
    max_position_embeddings: 128,
    tie_word_embeddings: true,
    // The base's tokenizer ends texts with [SEP].
    eos_token_id: (await tokenizer.encode([''])).at(0)?.ids.at(-1),
  };
  const created = await createModel(config, { task: 'causal-language-modeling', tokenizer: files });
  await created.save(nodeStorage(output));
  const model = await causalLanguageModel(output);
  await using trainer = new Trainer({
    model,
    train: rows(texts.map((text) => ({ text }))),
    strategy: full(),
    backend: onnx(),
    learningRate: 1e-2,
    numTrainEpochs: epochs,
    evalStrategy: 'no',
  });
  for await (const _ of trainer.train());
  const weights = await trainer.weights();
  await model.save(nodeStorage(output), weights);
  await using learner = await Learner.open({ model: { model: model.model, weights }, backend: onnx() });
  for await (const { piece } of streamText(learner, model, prompt, { maxNewTokens: 40 })) yield piece;
}
