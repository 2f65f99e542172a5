/** A text with what is to be learned about it, and where a table has them. */

/** A text (or a pair of texts) with what is to be learned about it. */
export interface TextExample {
  readonly text: string;
  readonly textPair?: string;
  /** Texts that do not belong to the text, of pairs that do. */
  readonly negatives?: readonly string[];
  /** A class name, or a number as text for regression; absent in data that is only predicted on. */
  readonly label?: string;
  /** Any number of class names, where the text may have several. */
  readonly labels?: readonly string[];
  /** The numbers of a regression, as such or as text; in the order of the model's outputs. */
  readonly numbers?: readonly (number | string)[];
  /** All values of the row by the names of their columns, if they are kept. */
  readonly columns?: Readonly<Record<string, string>>;
  /** Line of the file, or index from 1 in memory. */
  readonly row: number;
}

/** Which columns hold what. */
export interface TextColumns {
  readonly text: string;
  readonly textPair?: string;
  /** Columns of texts that do not belong to the text. */
  readonly negatives?: readonly string[];
  readonly label?: string;
  /** Column of any number of labels: an array in JSON Lines, or text separated by `labelSeparator`; empty for none. */
  readonly labels?: string;
  /**
   * Column of one or several numbers: an array in JSON Lines, text separated by `labelSeparator` or a list in brackets; or
   * the columns of one number each. A name with commas that no column has stands for the columns between them.
   */
  readonly numbers?: string | readonly string[];
}
