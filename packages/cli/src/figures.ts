/** Numbers and their names as people read them. */

/** `macroF1` as `macro F1`, `exactMatch` as `exact match`. */
const metricName = (name: string): string =>
  name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replace(/\bf1\b/, 'F1');

/** `loss 0.4312, macro F1 0.8321`. Of several numbers only what is over all of them: each has four scores of its own. */
export const metricList = (metrics: Readonly<Record<string, number>>): string =>
  Object.entries(metrics)
    .filter(([name]) => !name.includes('_'))
    .map(([name, value]) => `${metricName(name)} ${value.toFixed(4)}`)
    .join(', ');

/** `1 row`, `2,000 rows`. */
export const counted = (count: number, noun: string): string =>
  `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
