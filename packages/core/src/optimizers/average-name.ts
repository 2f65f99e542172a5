/** The tensor that holds the running average of a parameter. */
export const averageName = (parameter: string): string => `average/${parameter}`;
