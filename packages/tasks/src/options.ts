/** Options of tasks with their descriptions: flags, fields of config files and forms are made of them. */
import * as z from 'zod/mini';

export interface TaskOption<Schema extends z.ZodMiniType = z.ZodMiniType> {
  readonly schema: Schema;
  readonly kind: 'text' | 'number' | 'flag' | 'list';
  readonly description: string;
  /** What it serves for: reading examples, training, measuring, or asking. */
  readonly uses: readonly OptionUse[];
  /** Whether it is what a model is asked. */
  readonly asks?: boolean;
  /** The group that help shows it in. */
  readonly group?: 'Data:' | 'Model and strategy:' | 'Optimization:';
  /** The field of a run that it decides over, which a resumed run must have the same. */
  readonly runField?: 'objective';
}

export type OptionUse = 'train' | 'evaluate' | 'predict';

export type TaskOptionTable = Readonly<Record<string, TaskOption>>;

/** The values of a table of options, where they are given. */
export type SettingsOf<Table extends TaskOptionTable> = {
  readonly [Name in keyof Table]?: z.output<Table[Name]['schema']> | undefined;
};

type Details = Pick<TaskOption, 'asks' | 'group' | 'runField'> & { readonly uses?: readonly OptionUse[] };

const option =
  <Kind extends TaskOption['kind']>(kind: Kind) =>
  <Schema extends z.ZodMiniType>(schema: Schema, description: string, details: Details = {}) => ({
    uses: ['train', 'evaluate', 'predict'] as const satisfies readonly OptionUse[],
    ...details,
    schema,
    kind,
    description,
  });

/** For all uses by default: an option that says where in a file something stands. */
export const textOption = option('text');
export const numberOption = option('number');
export const flagOption = option('flag');
const listOption = option('list');

export const isTrue = z._default(z.boolean(), false);
export const optionalText = z.optional(z.string());
export const positiveInteger = z.int().check(z.positive());

/** Options that several tasks have. */
export const sharedOptions = {
  text: textOption(optionalText, 'a text to classify, to find entities in, or with a mask to fill', {
    uses: ['predict'],
    asks: true,
  }),
  textPairColumn: textOption(optionalText, 'column of a second text'),
  labels: listOption(
    z.optional(z.array(z.string().check(z.minLength(1))).check(z.minLength(1))),
    'names of the classes or tags, in the order of their numbers, or of the numbers of a regression',
  ),
  labelSmoothing: numberOption(
    z._default(z.number().check(z.gte(0), z.lt(1)), 0),
    'share of the target spread over all classes',
    { uses: ['train'], runField: 'objective' },
  ),
} as const;
