/**
 * Starts to count the seconds of processor time that the process takes, all its threads together: what a test bounds in
 * place of the time on the wall, which a busy machine draws out.
 */
export function processorClock(): () => number {
  const begun = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(begun);
    return (user + system) / 1e6;
  };
}
