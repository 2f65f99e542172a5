/** A text for a message, cut if it is long. */
export const shortened = (text: string, length = 60): string =>
  text.length > length ? `${text.slice(0, length)}…` : text;
