/** Does not end. */
export default () => new Promise<never>(() => {});
