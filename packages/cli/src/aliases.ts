/** Other names of options and of their values: those that are taken, and those that people know from elsewhere. */

/** Names of transformers' and of its example scripts: taken in place of the option's own, as flags and in config files. */
export const aliases: Readonly<Record<string, string>> = {
  numTrainEpochs: 'epochs',
  perDeviceTrainBatchSize: 'batchSize',
  perDeviceEvalBatchSize: 'evalBatchSize',
  lrSchedulerType: 'lrScheduler',
  optim: 'optimizer',
  labelSmoothingFactor: 'labelSmoothing',
  maxSeqLength: 'maxLength',
  modelNameOrPath: 'model',
  trainFile: 'train',
  validationFile: 'eval',
  outputDir: 'output',
  textColumnName: 'textColumn',
  labelColumnName: 'labelColumn',
};

/** Names that are not taken, as they could mean more than one thing, and the options that are meant most often. */
const namesElsewhere: Readonly<Record<string, readonly string[]>> = {
  learningRate: ['lr', 'rate', 'stepSize'],
  epochs: ['epoch', 'numEpochs', 'nEpochs', 'maxEpochs'],
  batchSize: ['batch', 'bs', 'trainBatchSize', 'miniBatchSize'],
  evalBatchSize: ['evalBatch', 'validationBatchSize'],
  gradientAccumulationSteps: ['gradAccum', 'gradientAccumulation', 'accumulationSteps'],
  weightDecay: ['wd', 'decay', 'l2'],
  warmupRatio: ['warmup'],
  lrScheduler: ['scheduler', 'schedule'],
  maxGradNorm: ['clip', 'gradClip', 'clipNorm', 'gradientClipping'],
  earlyStoppingPatience: ['patience', 'earlyStopping'],
  loadBestModelAtEnd: ['best', 'keepBest', 'saveBest'],
  train: ['data', 'trainData', 'trainingData', 'dataset', 'input'],
  eval: ['validation', 'val', 'dev', 'test', 'evalData', 'evalFile', 'evaluation', 'testFile'],
  data: ['train', 'eval', 'test', 'file', 'input', 'inputFile', 'dataset'],
  output: ['out', 'outDir', 'outputDirectory', 'saveTo', 'dest', 'outputFile'],
  model: ['base', 'baseModel', 'checkpoint', 'pretrained', 'adapter', 'name'],
  path: ['model'],
  maxLength: ['maxLen', 'maxSeqLen', 'seqLen', 'sequenceLength', 'maxTokens'],
  loraR: ['r', 'rank', 'loraRank'],
  loraAlpha: ['alpha'],
  strategy: ['method', 'peft', 'peftType', 'finetuning', 'tuner'],
  targetModules: ['targets', 'loraTarget', 'loraTargetModules'],
  textColumn: ['textField', 'textKey', 'inputColumn'],
  labelColumn: ['labelField', 'labelKey', 'target', 'targetColumn'],
  delimiter: ['sep', 'separator'],
  resume: ['resumeFromCheckpoint', 'continue'],
  dryRun: ['check', 'validate'],
  backend: ['device', 'runtime', 'accelerator'],
  threads: ['cpus', 'workers', 'numThreads', 'cores'],
  seed: ['randomSeed', 'randomState'],
};

/** The option of a table that another name stands for. */
export function knownElsewhere(name: string, table: Readonly<Record<string, unknown>>): string | undefined {
  const found = Object.entries(namesElsewhere).find(
    ([option, names]) => Object.hasOwn(table, option) && names.includes(name),
  );
  return found?.[0];
}

/** Values of options as they are called elsewhere: by transformers' pipelines, PEFT and other tools. */
const valuesElsewhere: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  task: {
    'sequence-classification': ['text-classification', 'sentiment-analysis', 'classification', 'classify', 'seq_cls'],
    'token-classification': ['ner', 'pos', 'tagging', 'entities', 'named-entity-recognition', 'token_cls'],
    'question-answering': ['qa', 'squad', 'extractive-qa', 'question_ans'],
    'masked-language-modeling': ['mlm', 'fill-mask', 'masked-lm'],
    'causal-language-modeling': ['clm', 'causal-lm', 'text-generation', 'language-modeling', 'causal_lm'],
  },
  problemType: {
    single_label_classification: ['single', 'multiclass', 'multi-class', 'binary'],
    multi_label_classification: ['multi', 'multilabel', 'multi-label'],
  },
  strategy: {
    lora: ['peft', 'adapter', 'qlora'],
    full: ['finetune', 'fine-tune', 'full-finetuning', 'all', 'sft'],
    head: ['linear', 'linear-probe', 'linear-probing', 'probe', 'frozen', 'freeze', 'classifier'],
  },
  backend: {
    onnx: ['cpu', 'ort', 'onnxruntime', 'onnxruntime-node'],
    tfjs: ['tensorflow', 'tf', 'tensorflow.js'],
    webgpu: ['gpu', 'metal', 'vulkan', 'dawn'],
    'tfjs:node-gpu': ['cuda', 'nvidia'],
    'tfjs:wasm': ['wasm'],
  },
  optimizer: { adamw: ['adamw_hf', 'adamw_torch_fused', 'adamw_8bit', 'adamw-torch'] },
};

/** What a value of an option is called here. */
export function valueElsewhere(option: string, value: string): string | undefined {
  const names = Object.hasOwn(valuesElsewhere, option) ? valuesElsewhere[option] : undefined;
  return Object.entries(names ?? {}).find(([, others]) => others.includes(value.toLowerCase()))?.[0];
}

/** Two names that were given for one option. */
export interface AliasClash {
  readonly alias: string;
  readonly option: string;
}

/** The fields under the options' own names. */
export function withoutAliases(
  fields: Readonly<Record<string, unknown>>,
  table: Readonly<Record<string, unknown>>,
): { readonly fields: Readonly<Record<string, unknown>>; readonly clashes: readonly AliasClash[] } {
  const clashes: AliasClash[] = [];
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  const given = new Set(entries.map(([name]) => name));
  const named = entries.map(([name, value]): [string, unknown] => {
    const option = Object.hasOwn(table, name) || !Object.hasOwn(aliases, name) ? undefined : aliases[name];
    if (option === undefined || !Object.hasOwn(table, option)) return [name, value];
    if (given.has(option)) clashes.push({ alias: name, option });
    return [option, value];
  });
  return { fields: Object.fromEntries(named), clashes };
}
