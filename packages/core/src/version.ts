/** Of package.json; kept in checkpoints, since another version may compute other numbers. */
export const VERSION = '0.0.0';
