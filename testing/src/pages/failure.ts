/** Fails, and says so on the console too. */
export default async () => {
  console.error('a message before the end');
  throw new RangeError('the page gave up');
};
