/** The labels of a cell; blank ones are left out. */
export const splitLabels = (cell: string, separator: string): readonly string[] =>
  cell
    .split(separator)
    .map((label) => label.trim())
    .filter((label) => label !== '');
