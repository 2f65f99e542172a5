/** The classes of a model: what config.json says, and what the caller asks for. */

import { AttuneError } from '@attune/ir';
import { type ProblemType, problemTypes, type Task } from '@attune/tasks';

export interface ResolvedLabels {
  /** Class names in the order of the outputs; empty for tasks without classes. */
  readonly labels: readonly string[];
  readonly problemType: ProblemType | undefined;
  /** True where the classes are others than those of the file, so that its classifier is of no use. */
  readonly isNewClassifier: boolean;
  /** For each class its row in the file's classifier, where the file has another order. */
  readonly rows?: readonly number[];
  /** What becomes of the file's classifier for these labels, if more than their order changes. */
  readonly notes?: readonly string[];
}

export interface LabelRequest {
  readonly task: Pick<Task, 'labelModules' | 'hasProblemType'>;
  readonly labels?: readonly string[];
  /** How many classes or numbers there are, where their names are not known. */
  readonly labelCount?: number;
  readonly problemType?: ProblemType;
  /** How many classes the file's classifier has; undefined if the file has none. */
  readonly classifierRows?: number | undefined;
}

/**
 * Classes that a file may claim without a classifier of as many rows: a new one is made for them. Names that the caller
 * gives are not limited.
 */
export const MAX_CLAIMED_CLASSES = 30_000;

type Config = Readonly<Record<string, unknown>>;

/**
 * The classes of a task that has labels, or the numbers of a regression. Without a request those of config.json hold. A request for the
 * same names in another order keeps the file's classifier, with its rows in that order. Integers from 0 that are no names
 * of the file mean its classes by their numbers; config.json's `LABEL_0`, `LABEL_1` … are no names and give way to as many
 * others. The numbers of a file that has some stand, however many are asked for without names.
 * @throws AttuneError `E_CONFIG` for names that are empty or repeat, for an `id2label` that makes no sense, for a count
 * that no weights stand behind, and where one class is no classification; `E_WEIGHTS_MISMATCH` for another number of
 * classes than the file's classifier has
 */
export function resolveLabels(config: Config, file: string, request: LabelRequest): ResolvedLabels {
  const { task } = request;
  const own = labelsOf(config, file);
  const isRegression = request.problemType === 'regression';
  const hasNumbers = isRegression && holdsNumbers(config, own, request);
  const wanted = request.labels ?? (hasNumbers ? undefined : otherCount(own, file, request));
  if (wanted) checkNames(wanted);
  else if (own) requireClassifier(own.length, 'id2label', file, request);
  const unchanged = {
    labels: wanted ?? own ?? defaultLabels(config, file, request, hasNumbers),
    isNewClassifier: false,
  };
  const chosen: Reconciled = wanted && own ? reconcile(wanted, own, isRegression) : unchanged;
  const { labels } = chosen;
  const problemType = task.hasProblemType ? problemTypeOf(config, labels, request) : undefined;
  const needed = problemType === 'regression' || problemType === 'multi_label_classification' ? 1 : 2;
  if (labels.length < needed) {
    throw new AttuneError(
      'E_CONFIG',
      `${file}: classification needs at least ${needed} labels, there is ${labels.length}.`,
      {
        file,
        field: 'labels',
        hint: 'A single number per text is the problemType "regression".',
      },
    );
  }
  return { ...chosen, problemType };
}

/**
 * The file's names serve for as many classes, else classes are numbered. A regression that is asked of a classifier begins
 * anew, under the names that transformers gives numbers.
 */
function otherCount(
  own: readonly string[] | undefined,
  file: string,
  { labelCount, problemType }: LabelRequest,
): readonly string[] | undefined {
  if (problemType === 'regression' && own) return numbered(labelCount ?? 1);
  if (labelCount === undefined || own?.length === labelCount) return undefined;
  requireClassifier(labelCount, 'labels', file, {});
  return numbered(labelCount);
}

/** Compares a number of classes that a file claims with the classifier's rows, before anything is made of them. */
function requireClassifier(
  count: number,
  field: string,
  file: string,
  { classifierRows: rows }: Pick<LabelRequest, 'classifierRows'>,
): void {
  if (count === rows || (rows === undefined && count <= MAX_CLAIMED_CLASSES)) return;
  const found = rows === undefined ? 'no weights have so many' : `the weights have ${rows}`;
  throw new AttuneError(
    rows === undefined ? 'E_CONFIG' : 'E_WEIGHTS_MISMATCH',
    `${file}: ${field} gives ${count} classes, ${found}.`,
    { file, field, hint: 'Use the config.json that belongs to the weights, or name the labels.' },
  );
}

const numbered = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `LABEL_${index}`);

/** Whether the outputs of a file are numbers already: one output is, several are if config.json says so. */
function holdsNumbers(
  { problem_type: given }: Config,
  own: readonly string[] | undefined,
  { classifierRows }: LabelRequest,
): boolean {
  if (own?.length === 1) return true;
  return given === 'regression' && (own !== undefined || classifierRows !== undefined);
}

type Reconciled = Pick<ResolvedLabels, 'labels' | 'isNewClassifier' | 'rows' | 'notes'>;

function reconcile(wanted: readonly string[], own: readonly string[], isRegression: boolean): Reconciled {
  const rowByName = new Map(own.map((name, row) => [name, row]));
  const rows = wanted.map((name) => rowByName.get(name) ?? -1);
  if (wanted.length === own.length && !rows.includes(-1)) {
    const isOrdered = rows.every((row, index) => row === index);
    return { labels: wanted, isNewClassifier: false, ...(isOrdered ? {} : { rows }) };
  }
  const isNamed = own.some((name, index) => name !== `LABEL_${index}`);
  if (!isRegression && wanted.every((name) => isNumberOf(name, own.length)) && rows.every((row) => row < 0)) {
    if (!isNamed) return { labels: own.map((_, row) => String(row)), isNewClassifier: false };
    const notes = [`The labels are integers, which mean the model's classes: 0 is "${own[0]}", and so on.`];
    return { labels: own, isNewClassifier: false, notes };
  }
  const isKept = !isNamed && own.length === wanted.length;
  const notes = isKept
    ? [`The model's classes have no names. They get the labels in their order: LABEL_0 is "${wanted[0]}", and so on.`]
    : [`The model's classifier (${someOf(own)}) gives way to a new one (${someOf(wanted, isRegression)}).`];
  return { labels: wanted, isNewClassifier: !isKept, notes };
}

/** Whether a name is an integer below a count, as data sets number the classes of a model. */
const isNumberOf = (name: string, count: number): boolean => /^(?:0|[1-9]\d*)$/.test(name) && Number(name) < count;

const someOf = (labels: readonly string[], areNumbers = false): string =>
  `${labels.length} ${areNumbers ? 'numbers' : 'classes'}: ${labels.slice(0, 5).join(', ')}${labels.length > 5 ? ' …' : ''}`;

function checkNames(labels: readonly string[]): void {
  const problem = labels.some((name) => name === '') ? 'one is empty' : repeated(labels);
  if (problem) throw new AttuneError('E_CONFIG', `The labels are wrong: ${problem}.`, { field: 'labels' });
}

function repeated(labels: readonly string[]): string | undefined {
  const seen = new Set<string>();
  for (const name of labels) {
    if (seen.has(name)) return `"${name}" is there twice`;
    seen.add(name);
  }
  return undefined;
}

/**
 * The names of `id2label` by their ids, undefined where config.json has none.
 * @throws AttuneError `E_CONFIG` for ids that are not 0, 1, 2 …, and names that are no texts or repeat
 */
function labelsOf({ id2label }: Config, file: string): readonly string[] | undefined {
  if (id2label === undefined || id2label === null) return undefined;
  const wrong = (problem: string) =>
    new AttuneError('E_CONFIG', `${file}: id2label ${problem}.`, { file, field: 'id2label' });
  if (typeof id2label !== 'object' || Array.isArray(id2label)) throw wrong('is no object of names by their ids');
  const idByName = new Map<string, number>();
  const entries = new Map<string, unknown>(Object.entries(id2label));
  for (let id = 0; id < entries.size; id++) {
    const name = entries.get(String(id));
    if (name === undefined) throw wrong(`has ${entries.size} names, but none for the id ${id}`);
    if (typeof name !== 'string') throw wrong(`has ${JSON.stringify(name)} for the id ${id}, where a text is wanted`);
    const other = idByName.get(name);
    if (other !== undefined) throw wrong(`has the name "${name}" for the ids ${other} and ${id}`);
    idByName.set(name, id);
  }
  return [...idByName.keys()];
}

/**
 * As many unnamed classes as `num_labels` says, or two, which transformers does not write down; one where the caller
 * asks for a regression.
 * @param hasNumbers whether the file's outputs are numbers
 */
function defaultLabels(
  { num_labels: count }: Config,
  file: string,
  request: LabelRequest,
  hasNumbers: boolean,
): readonly string[] {
  const byDefault = request.problemType === 'regression' && !hasNumbers ? 1 : 2;
  if (typeof count !== 'number' || !Number.isInteger(count) || count <= 0) return numbered(byDefault);
  requireClassifier(count, 'num_labels', file, request);
  return numbered(count);
}

/** As transformers decides: one output is a number, several are classes of which one holds. */
function problemTypeOf(
  { problem_type: given }: Config,
  labels: readonly string[],
  { problemType }: LabelRequest,
): ProblemType {
  if (problemType) return problemType;
  const known = problemTypes.find((type) => type === given);
  if (known) return known;
  return labels.length === 1 ? 'regression' : 'single_label_classification';
}
