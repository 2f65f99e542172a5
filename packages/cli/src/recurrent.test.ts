/** The command on an AWD-LSTM with a vocabulary of words, as fastai's models have. */
import { cpSync, readFileSync } from 'node:fs';
import { nodeStorage } from '@attune/hub/node';
import { createModel } from '@attune/models';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand, testFolder } from './testing/run-command.js';

const folder = testFolder();
const { at, file } = folder;
const run = (...args: string[]) => runCommand([...args, '--threads', '1', '--json']);
const words = ['xxunk', 'xxpad', 'xxeos', 'the', 'cat', 'dog', 'sat', 'ran', 'on', 'to', 'mat', 'door', 'good', 'bad'];

beforeAll(async () => {
  const config = {
    model_type: 'awd_lstm',
    vocab_size: words.length,
    emb_sz: 16,
    n_hid: 24,
    n_layers: 2,
    eos_token_id: 2,
  };
  const fields = { ...config, dropout: 0.2, classifier_hidden: 8 };
  const model = await createModel(fields, { task: 'causal-language-modeling', seed: 1 });
  await model.save(nodeStorage(at('new')));
  const special = words.slice(0, 3).map((content, id) => ({ id, content, special: true }));
  file(
    'new/tokenizer.json',
    JSON.stringify({
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: special,
      normalizer: { type: 'Lowercase' },
      pre_tokenizer: { type: 'WhitespaceSplit' },
      post_processor: null,
      decoder: null,
      model: { type: 'WordLevel', vocab: Object.fromEntries(words.map((word, id) => [word, id])), unk_token: 'xxunk' },
    }),
  );
  const names = { unk_token: 'xxunk', pad_token: 'xxpad', eos_token: 'xxeos' };
  file('new/tokenizer_config.json', JSON.stringify({ tokenizer_class: 'PreTrainedTokenizerFast', ...names }));
  file('lines.txt', 'the cat sat on the mat\nthe dog ran to the door\n'.repeat(40));
  const row = (index: number) => `the ${index % 2 ? 'cat' : 'dog'} sat ${index % 3 ? 'on' : 'to'} the mat,${index % 2}`;
  file('rows.csv', `text,label\n${Array.from({ length: 24 }, (_, index) => row(index)).join('\n')}\n`);
});
afterAll(() => folder.remove());

describe('attune train of an AWD-LSTM', () => {
  it('learns a stream of texts, writes what it learned, and becomes a classifier', async () => {
    const trained = await run(
      ...['train', '--task', 'causal-language-modeling', '--model', at('new'), '--train', at('lines.txt')],
      ...['--output', at('language'), '--strategy', 'full', '--epochs', '20', '--batch-size', '2'],
      ...['--max-length', '20', '--learning-rate', '0.04'],
    );
    expect(trained.code, trained.err).toBe(0);
    const measured = await run('evaluate', '--model', at('language'), '--data', at('lines.txt'));
    expect(measured.code, measured.err).toBe(0);
    expect(measured.last.perplexity).toBeLessThan(2);
    const written = await run('generate', '--model', at('language'), '--prompt', 'the dog', '--max-new-tokens', '9');
    expect(written.last.text).toMatch(/^(ran|sat) (to|on) the (door|mat)$/);

    const classified = await run(
      ...['train', '--model', at('language'), '--train', at('rows.csv'), '--text-column', 'text'],
      ...['--label-column', 'label', '--output', at('classes'), '--strategy', 'full', '--epochs', '6'],
      ...['--batch-size', '5', '--learning-rate', '0.01'],
    );
    expect(classified.code, classified.err).toBe(0);
    const { last } = await run('evaluate', '--model', at('classes'), '--data', at('rows.csv'));
    expect(last.accuracy).toBe(1);
  });

  it("trains by ULMFiT's recipe in one command, and goes on where either stage was", async () => {
    const recipe = (output: string, ...more: string[]) =>
      run(
        ...['train', '--model', at('new'), '--pretrain-on', at('lines.txt'), '--train', at('rows.csv'), ...more],
        ...['--pretrain-options', 'perDeviceTrainBatchSize=2,learningRate=0.04,lrSchedulerType=slanted_triangular'],
        ...['--strategy', 'gradual-unfreezing', '--strategy', 'discriminative-rates'],
        ...['--set', 'discriminative-rates.decay=0.385', '--lr-scheduler', 'slanted_triangular'],
        ...['--max-steps', '5', '--batch-size', '5', '--learning-rate', '0.02', '--output', at(output)],
      );
    const { code, err, out } = await recipe('ulmfit');
    expect(code, err).toBe(0);
    expect(out).toContain('"stage":"pretraining"');
    const read = (path: string) => readFileSync(at(path));
    expect(JSON.parse(read('ulmfit/run.json').toString())).toMatchObject({ settings: { pretrainOn: at('lines.txt') } });
    expect(JSON.parse(read('ulmfit/pretrained/run.json').toString())).toMatchObject({
      arguments: { lrSchedulerType: 'slanted_triangular' },
    });
    const { last } = await run('evaluate', '--model', at('ulmfit/pretrained'), '--data', at('lines.txt'));
    expect(last.perplexity).toBeLessThan(13);
    // The process ended between the stages.
    cpSync(at('ulmfit/pretrained'), at('between/pretrained'), { recursive: true });
    expect(await recipe('between')).toMatchObject({ code: 2, last: { code: 'E_OUTPUT_EXISTS' } });
    expect(await recipe('between', '--resume')).toMatchObject({ code: 0 });
    expect(read('between/model.safetensors').equals(read('ulmfit/model.safetensors'))).toBe(true);
  });

  it('reads backwards, and answers together with what reads forwards', async () => {
    cpSync(at('new'), at('new-backwards'), { recursive: true });
    const config = JSON.parse(readFileSync(at('new/tokenizer_config.json'), 'utf8'));
    file('new-backwards/tokenizer_config.json', JSON.stringify({ ...config, backwards: true }));
    const train = (...args: string[]) =>
      run('train', ...args, '--strategy', 'full', '--max-steps', '12', '--learning-rate', '0.02', '--batch-size', '4');
    const classes = ['--train', at('rows.csv'), '--max-length', '8'];
    for (const [model, output] of [
      ['new', 'forwards'],
      ['new-backwards', 'backwards'],
    ]) {
      const { code, err } = await train('--model', at(model!), ...classes, '--output', at(output!));
      expect(code, err).toBe(0);
    }
    const ask = (command: string, model: string, ...args: string[]) => run(command, '--model', at(model), ...args);
    const text = ['--text', 'the dog sat to the mat'];
    const chances = ({ last }: Awaited<ReturnType<typeof run>>): number => {
      const labels: { label: string; probability: number }[] = JSON.parse(JSON.stringify(last.labels));
      return labels.find(({ label }) => label === '1')!.probability;
    };
    const [one, other] = [
      chances(await ask('predict', 'forwards', ...text)),
      chances(await ask('predict', 'backwards', ...text)),
    ];
    expect(one).not.toBeCloseTo(other, 4);
    const together = await ask('predict', 'forwards', ...text, '--ensemble', at('backwards'));
    expect(chances(together)).toBeCloseTo((one + other) / 2, 6);
    const data = ['--data', at('rows.csv')];
    const measured = await ask('evaluate', 'forwards', ...data, '--ensemble', at('backwards'));
    expect(measured.code, measured.err).toBe(0);
    expect(measured.last).toMatchObject({ examples: 24, perClass: [{ label: '0' }, { label: '1' }] });
    // The model alone, twice, is itself.
    const alone = (await ask('evaluate', 'backwards', ...data)).last;
    const twice = (await ask('evaluate', 'backwards', ...data, '--ensemble', at('backwards'))).last;
    expect(twice.accuracy).toBe(alone.accuracy);
    expect(twice.loss).toBeCloseTo(Number(alone.loss), 5);
    const refused = await ask('evaluate', 'forwards', ...data, '--ensemble', at('backwards'), '--calibrate');
    expect(refused).toMatchObject({ code: 2, last: { code: 'E_CONFIG' } });
  });

  it('does not write from the end of a text', async () => {
    const learned = await run(
      ...['train', '--task', 'causal-language-modeling', '--model', at('new-backwards'), '--train', at('lines.txt')],
      ...['--output', at('end'), '--strategy', 'full', '--max-steps', '20', '--batch-size', '2', '--max-length', '20'],
      ...['--learning-rate', '0.04'],
    );
    expect(learned.code, learned.err).toBe(0);
    expect((await run('evaluate', '--model', at('end'), '--data', at('lines.txt'))).last.perplexity).toBeLessThan(13);
    expect(await run('generate', '--model', at('end'), '--prompt', 'the dog')).toMatchObject({
      last: { code: 'E_MODEL_UNSUPPORTED', field: 'backwards' },
    });
  });

  it.each([
    [
      'texts with fewer tokens than one batch',
      ['--pretrain-on', 'rows.csv', '--pretrain-options', 'perDeviceTrainBatchSize=64'],
      'E_DATA',
    ],
    ['options of no texts', ['--pretrain-options', 'learningRate=1'], 'E_CONFIG'],
    ['a wrong option', ['--pretrain-on', 'lines.txt', '--pretrain-options', 'learningRat=1'], 'E_CONFIG'],
    ['a search', ['--pretrain-on', 'lines.txt', '--search', 'learningRate=1,2'], 'E_CONFIG'],
  ])('refuses to pre-train with %s', async (_, given, code) => {
    const args = given.map((each) => (/\.(csv|txt)$/.test(each) ? at(each) : each));
    const output = ['--train', at('rows.csv'), '--output', at('refused')];
    expect(await run('train', '--model', at('new'), ...output, ...args)).toMatchObject({ code: 2, last: { code } });
  });
});
