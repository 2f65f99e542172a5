/** Of package.json; kept in checkpoints, since another version may compute other numbers. `npm run release:version` writes it. */
export const VERSION: string = '0.0.0';
